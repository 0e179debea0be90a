// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * The text of a record. Whatever it says: it is refused with a sentence, or it is whole, and what
 * was read, written again, reads the same.
 */
#include <errno.h>

#include "internal.h"

#include "fuzz.h"

static void claim_same(const char *a, const char *b)
{
	FUZZ_CLAIM(!a == !b);
	FUZZ_CLAIM(!a || !strcmp(a, b));
}

static void claim_whole(const struct ublk_record *record)
{
	FUZZ_CLAIM(record->target);
	FUZZ_CLAIM(record->cwd);
	FUZZ_CLAIM(record->argv);
	FUZZ_CLAIM(!ublk_uuid_is_null(&record->uuid));
}

static void write_and_read(struct ublk_record *record)
{
	struct ublk_device dev = {
		.id = record->id, .argv = record->argv, .fence_path = record->fence_path,
		.is_fenced = record->is_fenced,
	};
	struct ublk_record *again = calloc(1, sizeof(*again));
	char *text;
	size_t i;

	dev.ops.name = record->target;
	dev.config.uuid = record->uuid;
	FUZZ_CLAIM(again);
	FUZZ_CLAIM(!ublk_record_to_text(&dev, record->cwd, record->time, &text));
	FUZZ_CLAIM(!ublk_record_from_text(text, again));
	claim_whole(again);
	FUZZ_CLAIM(again->id == record->id);
	FUZZ_CLAIM(again->time == record->time);
	FUZZ_CLAIM(again->is_fenced == record->is_fenced);
	FUZZ_CLAIM(!memcmp(&again->uuid, &record->uuid, sizeof(again->uuid)));
	claim_same(again->target, record->target);
	claim_same(again->cwd, record->cwd);
	claim_same(again->fence_path, record->fence_path);
	for (i = 0; record->argv[i] && again->argv[i]; i++)
		claim_same(again->argv[i], record->argv[i]);
	FUZZ_CLAIM(!record->argv[i] && !again->argv[i]);
	ublk_record_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct ublk_record *record = calloc(1, sizeof(*record));
	char *text = fuzz_text(&in);
	int r;

	FUZZ_CLAIM(record);
	ublk_clear_error();
	r = ublk_record_from_text(text, record);
	if (r) {
		FUZZ_CLAIM(r == -EBADMSG || r == -EPROTONOSUPPORT);
		FUZZ_CLAIM(*ublk_last_error());
	} else {
		claim_whole(record);
		write_and_read(record);
	}
	ublk_record_free(record);
	free(text);
	return 0;
}
