// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Registered shared memory, on the server's side: files that it maps and registers in this order,
 * so that the N-th one is buffer N, for a server that takes over, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server.h"

#define SHM_CANARY	0xc5

/* FILE or FILE:ro */
void shm_open_file(struct server *srv, const char *text)
{
	struct shm *shm = &srv->shms[srv->nr_shms];
	char name[256];
	struct stat st;
	size_t len;
	int fd;

	if (srv->nr_shms == SERVER_MAX_SHMS || strlen(text) >= sizeof(name))
		raw_die(RAW_EXIT_USAGE, "--shm: '%s'?", text);
	strcpy(name, text);
	len = strlen(name);
	if (len > 3 && !strcmp(name + len - 3, ":ro")) {
		name[len - 3] = '\0';
		shm->read_only = true;
	}
	fd = open(name, (shm->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", name, strerror(errno));
	shm->len = st.st_size;
	shm->at = mmap(NULL, shm->len, shm->read_only ? PROT_READ : PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);
	if (shm->at == MAP_FAILED)
		raw_die(RAW_EXIT_FAIL, "%s: mmap: %s", name, strerror(errno));
	close(fd);
	srv->nr_shms++;
}

/* With the device just made. */
void shm_register(struct server *srv)
{
	unsigned int i;
	int res;

	for (i = 0; i < srv->nr_shms; i++) {
		res = raw_reg_buf(&srv->ctrl, srv->info.dev_id, srv->shms[i].at, srv->shms[i].len,
				  srv->shms[i].read_only ? UBLK_SHMEM_BUF_READ_ONLY : 0);
		raw_say("SHM res=%d errno=%s", res, raw_errno_name(res));
		if (res != (int)i)
			raw_die(RAW_EXIT_FAIL, "buffer %u became %d", i, res);
	}
}

bool shm_is_matched(const struct worker *w, unsigned int tag)
{
	return server_desc(w, tag)->op_flags & UBLK_IO_F_SHMEM_ZC;
}

/* Where the data of a request is that matched; counts it, and copies that should not have been. */
unsigned char *shm_data(struct worker *w, unsigned int tag)
{
	const struct ublksrv_io_desc *desc = server_desc(w, tag);
	const struct slot *slot = &w->slots[tag - w->first_tag];
	unsigned int index = ublk_shmem_zc_index(desc->addr);
	uint64_t offset = ublk_shmem_zc_offset(desc->addr), len = (uint64_t)desc->nr_sectors << 9;

	if (index >= w->srv->nr_shms || offset + len > w->srv->shms[index].len)
		raw_die(RAW_EXIT_FAIL, "addr %#llx is in no buffer",
			(unsigned long long)desc->addr);
	atomic_fetch_add(&w->srv->nr_matched, 1);
	if (slot->has_canary && (slot->buf[0] != SHM_CANARY || slot->buf[511] != SHM_CANARY))
		atomic_fetch_add(&w->srv->nr_copied, 1);
	return w->srv->shms[index].at + offset;
}

/*
 * Before the slot's next request: nobody is to write to its buffer if that one matches. Not where
 * the COMMIT itself takes what was read from there.
 */
void shm_set_canary(struct worker *w, unsigned int tag, bool is_commit)
{
	enum server_mode mode = w->srv->opt.mode;
	struct slot *slot = &w->slots[tag - w->first_tag];

	if (!w->srv->nr_shms || (mode != MODE_COPY && mode != MODE_GET_DATA))
		return;
	slot->has_canary = !is_commit || shm_is_matched(w, tag) ||
			   ublksrv_get_op(server_desc(w, tag)) != UBLK_IO_OP_READ;
	if (slot->has_canary)
		memset(slot->buf, SHM_CANARY, 512);
}
