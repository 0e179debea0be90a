// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What ublk-fault shall do wrong, and when. */
#include "fault_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ublk.h>
#include <unistd.h>

struct word {
	const char *name;
	int value;
};

static const struct word actions[] = {
	{ "delay", FAULT_DELAY }, { "hold", FAULT_HOLD }, { "fail", FAULT_FAIL },
	{ "stall", FAULT_STALL }, { "drop", FAULT_DROP }, { "kill", FAULT_KILL },
	{ "stop", FAULT_STOP }, { "tear", FAULT_TEAR }, { "misplace", FAULT_MISPLACE },
	{ "revert", FAULT_REVERT }, { "clobber", FAULT_CLOBBER },
	{ "ignore-fua", FAULT_IGNORE_FUA }, { "unfenced", FAULT_UNFENCED }, { NULL, 0 },
};

static const struct word ops[] = {
	{ "any", FAULT_ANY_OP },
	{ "read", LIBUBLK_OP_READ },
	{ "write", LIBUBLK_OP_WRITE },
	{ "flush", LIBUBLK_OP_FLUSH },
	{ "discard", LIBUBLK_OP_DISCARD },
	{ "write-zeroes", LIBUBLK_OP_WRITE_ZEROES },
	{ NULL, 0 },
};

/* What a block target has reason to answer; a number does for the others. */
static const struct word errnos[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "ETIMEDOUT", ETIMEDOUT }, { "ENOMEM", ENOMEM }, { "EINVAL", EINVAL },
	{ "EREMOTEIO", EREMOTEIO }, { "ENODATA", ENODATA }, { "EAGAIN", EAGAIN },
	{ NULL, 0 },
};

static const char *const points[] = {
	"after-start-recovery", "before-record", "after-record", "between-fetches",
	"before-start", "before-end-recovery", "before-commit", "after-commit", NULL,
};

static const struct word *word_find(const struct word *words, const char *name)
{
	for (; words->name; words++)
		if (!strcmp(words->name, name))
			return words;
	return NULL;
}

static void word_list(const struct word *words, char *buf, size_t size)
{
	size_t used = 0;

	for (; words->name && used < size; words++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
					 words->name);
}

static int parse_word(const struct word *words, const char *key, const char *value, int *ret,
		      struct option_error *err)
{
	const struct word *word = word_find(words, value);
	char list[128];

	if (!word) {
		word_list(words, list, sizeof(list));
		return option_fail(err, "--fault: %s \"%s\" is none of %s", key, value, list);
	}
	*ret = word->value;
	return 0;
}

static int parse_count(const char *key, const char *value, uint64_t low, uint64_t high,
		       uint64_t *ret, struct option_error *err)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (errno || *value < '0' || *value > '9' || *end || number < low || number > high)
		return option_fail(err, "--fault: %s is a whole number from %llu to %llu, not "
					"\"%s\"",
				   key, (unsigned long long)low, (unsigned long long)high, value);
	*ret = number;
	return 0;
}

static int parse_point(const char *value, struct fault_rule *rule, struct option_error *err)
{
	char list[192] = "";
	int i;

	for (i = 0; points[i]; i++) {
		if (!strcmp(points[i], value)) {
			snprintf(rule->point, sizeof(rule->point), "%s", value);
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 i ? ", " : "", points[i]);
	}
	return option_fail(err, "--fault: at \"%s\" is none of %s", value, list);
}

static int parse_key(const char *key, const char *value, struct fault_rule *rule,
		     struct option_error *err)
{
	uint64_t number = 0;
	int r;

	if (!strcmp(key, "op"))
		return parse_word(ops, key, value, &rule->op, err);
	if (!strcmp(key, "at"))
		return parse_point(value, rule, err);
	if (!strcmp(key, "nth"))
		return parse_count(key, value, 1, UINT64_MAX, &rule->nth, err);
	if (!strcmp(key, "every"))
		return parse_count(key, value, 1, UINT64_MAX, &rule->every, err);
	if (!strcmp(key, "times"))
		return parse_count(key, value, 0, UINT64_MAX, &rule->times, err);
	if (!strcmp(key, "ms")) {
		r = parse_count(key, value, 0, 24ULL * 3600 * 1000, &number, err);
		rule->ms = (int64_t)number;
		return r;
	}
	if (!strcmp(key, "errno")) {
		if (word_find(errnos, value))
			return parse_word(errnos, key, value, &rule->err, err);
		r = parse_count(key, value, 1, 4095, &number, err);
		rule->err = (int)number;
		return r;
	}
	if (!strcmp(key, "when")) {
		rule->is_after = !strcmp(value, "after");
		if (!rule->is_after && strcmp(value, "before"))
			return option_fail(err, "--fault: when is before or after, not "
						"\"%s\"", value);
		return 0;
	}
	if (!strcmp(key, "once")) {
		/* the server changes its directory; and the next one has another */
		if (*value != '/')
			return option_fail(err, "--fault: once wants an absolute path, not \"%s\"",
					   value);
		if (strlen(value) >= sizeof(rule->once))
			return option_fail(err, "--fault: the path after once= is too long");
		strcpy(rule->once, value);
		return 0;
	}
	return option_fail(err, "--fault: \"%s\" is none of op, nth, every, times, ms, errno, "
				"at, when, once",
			   key);
}

static int rule_check(struct fault_rule *rule, int has_every, int has_times,
		      struct option_error *err)
{
	int is_signal = rule->action == FAULT_KILL || rule->action == FAULT_STOP;
	int waits = rule->action == FAULT_DELAY || rule->action == FAULT_HOLD;

	if ((rule->point[0] || rule->is_after) && !is_signal)
		return option_fail(err, "--fault: at and when go with kill and stop only");
	if (rule->point[0] && (rule->op != FAULT_ANY_OP || rule->is_after))
		return option_fail(err, "--fault: a named point (at=) belongs to no request: no "
					"op, no when");
	if (rule->action >= FAULT_TEAR) {
		int op = rule->action == FAULT_CLOBBER ? LIBUBLK_OP_DISCARD : LIBUBLK_OP_WRITE;

		if (rule->op != FAULT_ANY_OP && rule->op != op)
			return option_fail(err, "--fault: that is nothing to do to this op: leave op "
						"out");
		rule->op = op;
	}
	if (waits && !rule->ms)
		return option_fail(err, "--fault: delay and hold want ms=MILLISECONDS");
	if (!waits && rule->ms)
		return option_fail(err, "--fault: ms goes with delay and hold only");
	if (rule->err && rule->action != FAULT_FAIL)
		return option_fail(err, "--fault: errno goes with fail only");
	if (rule->action == FAULT_FAIL && !rule->err)
		rule->err = EIO;
	/* "nth=3" alone means the third one, not the third and all after it */
	if (!has_times)
		rule->times = rule->nth && !has_every ? 1 : 0;
	if (!rule->nth)
		rule->nth = has_every ? rule->every : 1;
	if (!rule->every)
		rule->every = 1;
	return 0;
}

int fault_rule_parse(const char *text, struct fault_rule *ret, struct option_error *err)
{
	char copy[512], *save = NULL, *word, *value;
	int has_every = 0, has_times = 0, action = 0, r;

	memset(ret, 0, sizeof(*ret));
	ret->op = FAULT_ANY_OP;
	if (strlen(text) >= sizeof(copy))
		return option_fail(err, "--fault: the rule is too long");
	strcpy(copy, text);
	word = strtok_r(copy, ",", &save);
	r = parse_word(actions, "action", word ? word : "", &action, err);
	ret->action = (enum fault_action)action;
	while (!r && (word = strtok_r(NULL, ",", &save))) {
		value = strchr(word, '=');
		if (!value)
			return option_fail(err, "--fault: \"%s\" wants =VALUE after it", word);
		*value++ = '\0';
		has_every |= !strcmp(word, "every");
		has_times |= !strcmp(word, "times");
		r = parse_key(word, value, ret, err);
	}
	return r ? r : rule_check(ret, has_every, has_times, err);
}

/* A marker outlives the process, so a rule that kills can let the successor live. */
static int once_claim(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int fault_rule_count(struct fault_rule *rule)
{
	uint64_t n = atomic_fetch_add(&rule->seen, 1) + 1;

	if (n < rule->nth || (n - rule->nth) % rule->every)
		return 0;
	if (rule->times && (n - rule->nth) / rule->every >= rule->times)
		return 0;
	return !rule->once[0] || once_claim(rule->once);
}

int fault_rule_wants_op(const struct fault_rule *rule, unsigned int op)
{
	return !rule->point[0] && (rule->op == FAULT_ANY_OP || (unsigned int)rule->op == op);
}

int fault_rule_wants_point(const struct fault_rule *rule, const char *point)
{
	return rule->point[0] && !strcmp(rule->point, point);
}
