// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * What "ublk list", "show" and "doctor" read: a record file beside whatever the kernel says about
 * the device. Each byte of both is the input's. The CLI's JSON and the library's are then JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <unistd.h>

#include "device_view.h"
#include "fake_kernel.h"
#include "fuzz.h"

static struct ublk_ctl *ctl;

static void tear_down(void)
{
	fake_teardown(ctl);
}

static void set_up(void)
{
	ctl = fake_setup();
	atexit(tear_down);
}

static void write_record(const struct fuzz_input *in)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/0", fake_run_dir());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	FUZZ_CLAIM(fd >= 0);
	for (size_t n = 0; n < in->left;) {
		ssize_t done = write(fd, in->at + n, in->left - n);

		FUZZ_CLAIM(done > 0);
		n += (size_t)done;
	}
	close(fd);
}

/* Most devices are those that their record is about. */
static void adopt_record(struct fake_device *dev)
{
	struct ublk_record *record;

	if (ublk_record_load(ctl, 0, &record))
		return;
	dev->info.ublksrv_flags = ublk_uuid_tag(ublk_record_uuid(record));
	ublk_record_free(record);
}

static void claim_json(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object, *id;

	FUZZ_CLAIM(tokener && text);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	FUZZ_CLAIM(json_tokener_get_error(tokener) == json_tokener_success);
	FUZZ_CLAIM(json_object_object_get_ex(object, "id", &id));
	json_object_put(object);
	json_tokener_free(tokener);
}

static void view(void)
{
	struct json_object *object;
	struct device_view v;
	char *text;

	FUZZ_CLAIM(!ublk_device_json(ctl, 0, &text));
	claim_json(text);
	free(text);

	FUZZ_CLAIM(!device_view_load(ctl, 0, &v));
	FUZZ_CLAIM(v.record || (v.record_error < 0 && v.record_why[0]));
	device_view_fence(&v);
	device_view_option(&v, "name");
	object = device_view_json(&v);
	claim_json(json_object_to_json_string(object));
	json_object_put(object);
	device_view_free(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fake_device *dev;
	uint8_t how = fuzz_byte(&in);

	if (!ctl)
		set_up();
	dev = &fake->devices[0];
	memset(dev, 0, sizeof(*dev));
	fuzz_take(&in, &dev->info, sizeof(dev->info));
	fuzz_take(&in, &dev->params, sizeof(dev->params));
	dev->exists = true;
	write_record(&in);
	if (how & 1)
		dev->info.dev_id = 0;
	if (how & 2)
		adopt_record(dev);
	view();
	return 0;
}
