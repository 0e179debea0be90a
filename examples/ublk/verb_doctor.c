// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk doctor: what is wrong on this host, and what to do about it. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "doctor.h"

static struct json_object *finding_json(const struct doctor_finding *finding)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "check", json_object_new_string(finding->check));
	json_object_object_add(object, "level",
			       json_object_new_string(doctor_level_name(finding->level)));
	json_object_object_add(object, "device", finding->device < 0 ? NULL :
			       json_object_new_int(finding->device));
	json_object_object_add(object, "message", json_object_new_string(finding->message));
	json_object_object_add(object, "remedy", finding->remedy[0] ?
			       json_object_new_string(finding->remedy) : NULL);
	return object;
}

static void print_json(const struct doctor_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();
	size_t i;

	json_object_object_add(object, "level",
			       json_object_new_string(doctor_level_name(doctor_worst(report))));
	for (i = 0; i < report->nr; i++)
		json_object_array_add(array, finding_json(&report->findings[i]));
	json_object_object_add(object, "findings", array);
	command_print_json(object);
}

static void print_text(const struct doctor_report *report)
{
	size_t i;

	for (i = 0; i < report->nr; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		printf("%-8s  %s\n", doctor_level_name(finding->level), finding->message);
		if (finding->remedy[0])
			printf("%-8s  -> %s\n", "", finding->remedy);
	}
}

int verb_doctor(struct command_call *call)
{
	struct doctor_report report = { 0 };
	struct doctor_facts *facts = malloc(sizeof(*facts));
	int status;

	if (!facts)
		return command_fail_status(call, STATUS_FAILED, 0, "out of memory");
	doctor_probe(facts);
	doctor_judge(facts, &report);
	free(facts);
	if (call->is_json)
		print_json(&report);
	else
		print_text(&report);
	status = doctor_worst(&report) == DOCTOR_OK ? STATUS_OK : STATUS_FINDINGS;
	if (report.is_short_of_memory)
		status = command_fail_status(call, STATUS_FAILED, 0, "out of memory");
	doctor_report_free(&report);
	return status;
}
