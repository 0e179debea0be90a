/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The one message a server in the background sends to whoever started it, through
 * the pipe whose number is in $UBLK_READY_FD: "live ID\n", "failed ERRNO SENTENCE\n", or
 * "usage SENTENCE\n" for a wrong command line. A pipe that closes without a message
 * means that the server died.
 */
#ifndef EXAMPLES_READY_H
#define EXAMPLES_READY_H

#define READY_VARIABLE "UBLK_READY_FD"

struct ready {
	int is_live;
	int is_usage;		/* not live, because of the command line */
	int id;			/* if live */
	int error;		/* if not: positive errno */
	char sentence[512];
};

/*
 * The pipe's descriptor, or -1 if nobody waits. In the environment, because it has to
 * be known before the command line is found to be right; taken out of it, and closed
 * on exec, because it concerns nobody else.
 */
int ready_fd_take(void);

/* Server's side: sends the message and closes @fd. Failure to send is ignored. */
void ready_send_live(int fd, int id);
void ready_send_failed(int fd, int error, const char *sentence);
void ready_send_usage(int fd, const char *sentence);

/**
 * ready_receive() - wait for the message
 *
 * Return: 0 with *@ret filled; -EPIPE if the other side closed without one;
 *         -EBADMSG if it is garbled; -errno.
 */
int ready_receive(int fd, struct ready *ret);

/* The text of a message as *@ret. Return: 0 or -EBADMSG. */
int ready_parse(const char *text, struct ready *ret);

#endif
