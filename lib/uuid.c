/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Identity of a device. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

UBLK_EXPORT int ublk_uuid_generate(struct ublk_uuid *ret_uuid)
{
	struct ublk_uuid uuid;

	/* Up to 256 bytes come at once or not at all. */
	if (getrandom(uuid.b, sizeof(uuid.b), 0) != (ssize_t)sizeof(uuid.b))
		return ublk_set_error(errno, "no random bytes for a UUID: %s", strerror(errno));
	uuid.b[6] = (uint8_t)((uuid.b[6] & 0x0f) | 0x40);
	uuid.b[8] = (uint8_t)((uuid.b[8] & 0x3f) | 0x80);
	*ret_uuid = uuid;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_dash_position(size_t at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

UBLK_EXPORT int ublk_uuid_parse(const char *text, struct ublk_uuid *ret_uuid)
{
	struct ublk_uuid uuid;
	size_t at, digits = 0;

	if (!text || strlen(text) != LIBUBLK_UUID_TEXT - 1)
		goto bad;
	memset(&uuid, 0, sizeof(uuid));
	for (at = 0; at < LIBUBLK_UUID_TEXT - 1; at++) {
		int digit;

		if (is_dash_position(at)) {
			if (text[at] != '-')
				goto bad;
			continue;
		}
		digit = hex_digit(text[at]);
		if (digit < 0)
			goto bad;
		uuid.b[digits / 2] |= (uint8_t)(digits % 2 ? digit : digit << 4);
		digits++;
	}
	*ret_uuid = uuid;
	return 0;
bad:
	return ublk_set_error(EINVAL, "'%.64s' is not a UUID", text ? text : "");
}

UBLK_EXPORT void ublk_uuid_format(const struct ublk_uuid *uuid, char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < sizeof(uuid->b); i++) {
		*text++ = digits[uuid->b[i] >> 4];
		*text++ = digits[uuid->b[i] & 15];
		if (i == 3 || i == 5 || i == 7 || i == 9)
			*text++ = '-';
	}
	*text = '\0';
}

UBLK_EXPORT int ublk_uuid_is_null(const struct ublk_uuid *uuid)
{
	static const struct ublk_uuid null;

	return !memcmp(uuid, &null, sizeof(null));
}

uint64_t ublk_uuid_tag(const struct ublk_uuid *uuid)
{
	uint64_t tag = 0;
	size_t i;

	/* All 16 bytes take part, so that UUIDs that differ in their second half do too. */
	for (i = 0; i < sizeof(uuid->b); i++)
		tag = (tag << 8 | tag >> 56) ^ uuid->b[i] * UINT64_C(0x9e3779b97f4a7c15);
	return tag ? tag : 1;
}
