// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A fuzz target without libFuzzer: over the files, and the files of the folders, that are named. */
#include <dirent.h>
#include <limits.h>

#include "fuzz.h"

#define MOST_BYTES	(1u << 20)

static unsigned nr_files;

static int replay(const char *path)
{
	static uint8_t data[MOST_BYTES];
	FILE *f = fopen(path, "r");
	uint8_t *exact;
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	/* Of exactly its size, as with libFuzzer. */
	exact = malloc(n ? n : 1);
	if (!exact)
		abort();
	memcpy(exact, data, n);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	nr_files++;
	return 0;
}

static int replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[PATH_MAX];
	int status = 0;

	if (!dir)
		return replay(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		status |= replay(name);
	}
	closedir(dir);
	return status;
}

int main(int argc, char **argv)
{
	int status = 0, i;

	for (i = 1; i < argc; i++)
		status |= replay_folder(argv[i]);
	if (!nr_files) {
		fprintf(stderr, "no inputs\n");
		return 1;
	}
	printf("%u inputs\n", nr_files);
	return status;
}
