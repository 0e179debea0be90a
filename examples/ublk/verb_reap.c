// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk reap: remove what nobody needs any more, after asking for each.
 *
 * What looks unused a moment ago may be in use now: so it is looked at again when the
 * answer is there, and the driver is asked to stop the disk only if nobody has it open,
 * which is the one test that nothing can come between.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "device_view.h"
#include "reap.h"

#define STEP_TIMEOUT_S 60

/* One run. */
struct reap {
	struct command_call *call;
	struct json_object *found;	/* with --json */
	unsigned int nr_found, nr_unasked;
	int status;
};

static int is_forced(const struct reap *reap, int id)
{
	unsigned int i;

	for (i = 0; i < reap->call->forced.nr; i++)
		if (reap->call->forced.ids[i] == id)
			return 1;
	return 0;
}

static int look_at_record(struct ublk_ctl *ctl, struct reap_facts *facts)
{
	struct ublk_record *record;

	facts->record_error = ublk_record_load(ctl, facts->id, &record);
	if (facts->record_error == -ENOENT)
		return -ENODEV;		/* neither one nor the other */
	facts->has_record = !facts->record_error;
	if (facts->has_record)
		ublk_record_free(record);
	return 0;
}

/* Return: 0, -ENODEV there is nothing with this id, -errno. */
static int look(struct ublk_ctl *ctl, int id, struct reap_facts *facts)
{
	struct device_view view;
	const char *const *argv;
	int r;

	memset(facts, 0, sizeof(*facts));
	facts->id = id;
	facts->server_pid = -1;
	r = device_view_load(ctl, id, &view);
	if (r == -ENODEV)
		return look_at_record(ctl, facts);
	if (r < 0)
		return r;
	facts->has_device = 1;
	facts->state = (uint32_t)view.info.state;
	facts->server_pid = view.server_pid;
	facts->is_server_alive = view.is_server_alive;
	facts->has_record = view.record != NULL;
	facts->record_error = view.record_error;
	argv = view.record ? ublk_record_argv(view.record) : NULL;
	if (view.record && facts->server_pid <= 0)
		facts->server_pid = ublk_record_pid(view.record);
	usage_supervisor(id, view.record ? ublk_record_parent(view.record) : 0,
			 argv ? argv[0] : NULL, facts->supervisor);
	usage_find(id, facts->usage);
	device_view_free(&view);
	return 0;
}

static void name_it(const struct reap_facts *facts, char ret[24])
{
	snprintf(ret, 24, facts->has_device ? "device %d" : "record %d", facts->id);
}

static void report(struct reap *reap, const struct reap_facts *facts, const char *why,
		   const char *result, const char *error)
{
	struct json_object *object;
	char name[24];

	name_it(facts, name);
	if (!reap->found) {
		printf("%s %s%s%s: %s%s%s\n", name, why, facts->usage[0] ? "; it " : "",
		       facts->usage, result, error ? ": " : "", error ? error : "");
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "kind",
			       json_object_new_string(facts->has_device ? "device" : "record"));
	json_object_object_add(object, "id", json_object_new_int(facts->id));
	json_object_object_add(object, "state", facts->has_device ?
			       json_object_new_string(ublk_state_name(facts->state)) : NULL);
	json_object_object_add(object, "why", json_object_new_string(why));
	json_object_object_add(object, "usage", facts->usage[0] ?
			       json_object_new_string(facts->usage) : NULL);
	json_object_object_add(object, "forced",
			       json_object_new_boolean(is_forced(reap, facts->id)));
	json_object_object_add(object, "result", json_object_new_string(result));
	json_object_object_add(object, "error", error ? json_object_new_string(error) : NULL);
	json_object_array_add(reap->found, object);
}

static int may_ask(const struct command_call *call)
{
	return !call->is_json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Whatever is not a clear yes is a no. */
static int ask(const struct reap_facts *facts, const char *why)
{
	char name[24], answer[16];

	name_it(facts, name);
	printf("%s %s%s%s\nremove it for good? [y/N] ", name, why,
	       facts->usage[0] ? "; it " : "", facts->usage);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return 0;
	return !strcmp(answer, "y\n") || !strcmp(answer, "Y\n") || !strcmp(answer, "yes\n");
}

/* Return: 0, -EBUSY the driver knows somebody who has the disk open, -errno. */
static int remove_it(struct reap *reap, const struct reap_facts *facts)
{
	int timeout_ms = command_timeout_ms(reap->call, STEP_TIMEOUT_S), r = 0;

	if (!facts->has_device)
		return ublk_record_remove(reap->call->ctl, facts->id);
	if (!is_forced(reap, facts->id))
		r = ublk_device_stop(reap->call->ctl, facts->id, LIBUBLK_STOP_IF_UNUSED,
				     timeout_ms);
	return r ? r : ublk_device_delete(reap->call->ctl, facts->id, 0, timeout_ms);
}

static int is_allowed(const struct reap *reap, enum reap_verdict verdict, int id)
{
	return verdict == REAP_REMOVE || (verdict == REAP_IN_USE && is_forced(reap, id));
}

/* Asked for, and wanted: is it still what it was? */
static void remove_still(struct reap *reap, int id)
{
	struct reap_facts facts;
	char why[256];
	int r = look(reap->call->ctl, id, &facts);

	if (r == -ENODEV)
		return;			/* somebody else has done it */
	if (!r && !is_allowed(reap, reap_judge(&facts, why), id)) {
		report(reap, &facts, why, "kept", "it has changed meanwhile");
		return;
	}
	if (!r)
		r = remove_it(reap, &facts);
	if (r == -EBUSY) {
		report(reap, &facts, why, "in-use", "the driver knows somebody who has it open");
	} else if (r < 0) {
		report(reap, &facts, r == -ENODEV ? "is gone" : why, "failed", ublk_last_error());
		reap->status = STATUS_FAILED;
	} else {
		report(reap, &facts, why, "removed", NULL);
	}
}

static void treat(struct reap *reap, int id)
{
	const struct command_call *call = reap->call;
	enum reap_verdict verdict;
	struct reap_facts facts;
	char why[256];
	int r = look(call->ctl, id, &facts);

	if (r < 0) {
		if (r != -ENODEV && !device_view_is_others(r))
			reap->status = command_fail(call, r, "%s", ublk_last_error());
		return;
	}
	verdict = reap_judge(&facts, why);
	if (verdict == REAP_LEAVE) {
		if (!is_forced(reap, id))
			return;
		report(reap, &facts, why, "kept", "this is no orphan: see ublk stop --kill");
		reap->status = STATUS_BUSY;
		return;
	}
	reap->nr_found++;
	if (!is_allowed(reap, verdict, id)) {
		report(reap, &facts, why, "in-use", NULL);
	} else if (call->is_dry_run) {
		report(reap, &facts, why, "would be removed", NULL);
	} else if (call->is_yes) {
		remove_still(reap, id);
	} else if (!may_ask(call)) {
		report(reap, &facts, why, "kept", NULL);
		reap->nr_unasked++;
	} else if (ask(&facts, why)) {
		remove_still(reap, id);
	} else {
		report(reap, &facts, why, "kept", NULL);
	}
}

static int has(const int *ids, size_t count, int id)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

static int treat_all(struct reap *reap)
{
	struct command_call *call = reap->call;
	int *devices = NULL, *records = NULL, r;
	size_t nr_devices = 0, nr_records = 0, i;

	r = ublk_device_list(call->ctl, &devices, &nr_devices);
	if (!r)
		r = ublk_record_list(call->ctl, &records, &nr_records);
	for (i = 0; !r && i < nr_devices; i++)
		treat(reap, devices[i]);
	for (i = 0; !r && i < nr_records; i++)
		if (!has(devices, nr_devices, records[i]))
			treat(reap, records[i]);
	for (i = 0; !r && i < call->forced.nr; i++)
		if (!has(devices, nr_devices, call->forced.ids[i]) &&
		    !has(records, nr_records, call->forced.ids[i]))
			reap->status = command_fail(call, -ENODEV, "--force: there is no device %d",
						    call->forced.ids[i]);
	free(devices);
	free(records);
	return r;
}

int reap_force(void *at, const char *value, struct option_error *err)
{
	struct id_list *list = at;
	int id = command_parse_id(value);

	if (id < 0)
		return option_fail(err, "--force: \"%s\" is no device id", value);
	if (list->nr == ID_LIST_MAX)
		return option_fail(err, "more than %d --force are too many", ID_LIST_MAX);
	list->ids[list->nr++] = id;
	return 0;
}

int verb_reap(struct command_call *call)
{
	struct reap reap = { .call = call, .status = command_connect(call) };
	struct json_object *object;
	int r;

	if (reap.status != STATUS_OK)
		return reap.status;
	if (call->is_json)
		reap.found = json_object_new_array();
	r = treat_all(&reap);
	if (r < 0)
		reap.status = command_fail(call, r, "%s", ublk_last_error());
	if (reap.nr_unasked && reap.status == STATUS_OK)
		reap.status = command_fail_status(call, STATUS_USAGE, -EINVAL,
						  "there is nobody to ask: --yes removes all that "
						  "was found and is not in use, --dry-run shows it");
	if (!reap.found) {
		if (!reap.nr_found && reap.status == STATUS_OK)
			printf("no orphans\n");
		return reap.status;
	}
	if (reap.status == STATUS_OK || reap.status == STATUS_BUSY) {
		object = json_object_new_object();
		json_object_object_add(object, "found", reap.found);
		command_print_json(object);
	} else {
		json_object_put(reap.found);
	}
	return reap.status;
}
