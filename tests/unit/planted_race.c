// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Two threads and no lock: ThreadSanitizer has to say so, or its silence means nothing. */
#include <pthread.h>
#include <stdio.h>

static long counter;

static void *add(void *arg)
{
	int i;

	for (i = 0; i < 10000; i++)
		counter++;
	return arg;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, add, NULL))
		return 1;
	add(NULL);
	pthread_join(thread, NULL);
	printf("%ld\n", counter);
	return 0;
}
