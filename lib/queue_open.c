/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Opening and closing a queue, and what can be asked about it and its requests. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int claim(struct ublk_device *dev, unsigned index)
{
	bool was_open;

	if (index >= dev->config.nr_queues)
		return ublk_set_error(EINVAL, "queue %u: the device has %u", index,
				      dev->config.nr_queues);
	pthread_mutex_lock(&dev->lock);
	was_open = dev->is_open[index];
	dev->is_open[index] = true;
	pthread_mutex_unlock(&dev->lock);
	return was_open ? ublk_set_error(EEXIST, "queue %u is open already", index) : 0;
}

static void unclaim(struct ublk_device *dev, unsigned index)
{
	pthread_mutex_lock(&dev->lock);
	dev->is_open[index] = false;
	pthread_mutex_unlock(&dev->lock);
}

static int alloc_ios(struct ublk_queue *q)
{
	size_t priv = (q->dev->ops.io_priv_size + 15) & ~(size_t)15;
	unsigned tag;

	q->ios = calloc(q->depth, sizeof(*q->ios));
	if (!q->ios)
		return ublk_set_error(ENOMEM, "out of memory");
	if (priv) {
		if (priv > SIZE_MAX / q->depth)
			return ublk_set_error(EINVAL, "ublk_target_ops.io_priv_size is too large");
		q->privs = aligned_alloc(64, (priv * q->depth + 63) & ~(size_t)63);
		if (!q->privs)
			return ublk_set_error(ENOMEM, "out of memory");
		memset(q->privs, 0, priv * q->depth);
	}
	for (tag = 0; tag < q->depth; tag++) {
		q->ios[tag].q = q;
		q->ios[tag].tag = (uint16_t)tag;
		q->ios[tag].priv = priv ? (char *)q->privs + priv * tag : NULL;
		atomic_init(&q->ios[tag].state, IO_IDLE);
	}
	return 0;
}

static void queue_free(struct ublk_queue *q)
{
	if (q->t)
		q->transport->queue_exit(q);
	ublk_buffers_exit(q);
	if (q->wake_fd >= 0)
		close(q->wake_fd);
	unclaim(q->dev, q->index);
	free(q->privs);
	free(q->ios);
	free(q);
}

static int queue_new(struct ublk_device *dev, unsigned index, struct ublk_queue **ret_q)
{
	struct ublk_queue *q = calloc(1, sizeof(*q));
	int r;

	if (!q) {
		unclaim(dev, index);
		return ublk_set_error(ENOMEM, "out of memory");
	}
	q->dev = dev;
	q->transport = dev->ctl->transport;
	q->index = index;
	q->depth = dev->config.queue_depth;
	q->thread = pthread_self();
	ublk_stats_queue_init(q);
	q->wake_fd = ublk_event_create();
	r = q->wake_fd < 0 ? q->wake_fd : alloc_ios(q);
	if (!r)
		r = ublk_buffers_init(q);
	if (!r)
		r = q->transport->queue_init(q);
	if (r < 0) {
		queue_free(q);
		return r;
	}
	*ret_q = q;
	return 0;
}

static int open_target(struct ublk_queue *q)
{
	struct ublk_device *dev = q->dev;
	int r;

	if (!dev->ops.queue_open)
		return 0;
	ublk_clear_error();
	r = dev->ops.queue_open(q, dev->user);
	if (r < 0 && !*ublk_last_error())
		ublk_set_error(r, "target %s: queue_open: %s", dev->name, strerror(-r));
	return r < 0 ? r : 0;
}

UBLK_EXPORT int ublk_queue_open(struct ublk_device *dev, unsigned index,
				struct ublk_queue **ret_q)
{
	struct ublk_queue *q = NULL;
	int r;

	r = claim(dev, index);
	if (!r)
		r = queue_new(dev, index, &q);
	if (r < 0)
		return r;
	r = open_target(q);
	if (r < 0) {
		queue_free(q);
		return r;
	}
	r = ublk_queue_fetch_all(q);
	if (r < 0) {
		ublk_queue_close(q);
		return r;
	}
	*ret_q = q;
	return 0;
}

UBLK_EXPORT void ublk_queue_close(struct ublk_queue *q)
{
	if (!q)
		return;
	/* First, so that no helper thread of the target completes into a queue that is gone. */
	if (q->dev->ops.queue_close)
		q->dev->ops.queue_close(q, q->dev->user);
	queue_free(q);
}

UBLK_EXPORT int ublk_queue_fd(const struct ublk_queue *q)
{
	return q->transport->queue_fd(q);
}

UBLK_EXPORT void ublk_queue_wake(struct ublk_queue *q)
{
	ublk_event_set(q->wake_fd);
}

UBLK_EXPORT struct ublk_device *ublk_queue_device(const struct ublk_queue *q)
{
	return q->dev;
}

UBLK_EXPORT unsigned ublk_queue_index(const struct ublk_queue *q)
{
	return q->index;
}

UBLK_EXPORT void ublk_queue_set_priv(struct ublk_queue *q, void *priv)
{
	q->priv = priv;
}

UBLK_EXPORT void *ublk_queue_priv(const struct ublk_queue *q)
{
	return q->priv;
}

UBLK_EXPORT struct io_uring *ublk_queue_ring(struct ublk_queue *q)
{
	return q->transport->queue_ring(q);
}

UBLK_EXPORT int ublk_queue_reserve_sqes(struct ublk_queue *q, unsigned count)
{
	int r = q->transport->queue_reserve(q, count);

	if (r < 0)
		return ublk_set_error(r, "queue %u: no room for %u SQEs: %s", q->index, count,
				      strerror(-r));
	return 0;
}

UBLK_EXPORT int ublk_queue_get_stats(const struct ublk_queue *q,
				     struct ublk_queue_stats *ret_stats)
{
	struct ublk_queue_stats stats = q->stats;
	size_t size = ret_stats->size;

	if (size < sizeof(size) + sizeof(stats.delivered))
		return ublk_set_error(EINVAL, "ublk_queue_stats.size is not set");
	stats.size = sizeof(stats);
	stats.double_completions = atomic_load(&q->double_completions);
	stats.bad_results = atomic_load(&q->bad_results);
	if (size > sizeof(stats)) {
		memset((char *)ret_stats + sizeof(stats), 0, size - sizeof(stats));
		size = sizeof(stats);
	}
	memcpy(ret_stats, &stats, size);
	return 0;
}

UBLK_EXPORT unsigned ublk_io_op(const struct ublk_io *io)
{
	return ublksrv_get_op(&io->desc);
}

UBLK_EXPORT uint32_t ublk_io_flags(const struct ublk_io *io)
{
	return io->desc.op_flags & ~UINT32_C(0xff);
}

UBLK_EXPORT uint64_t ublk_io_offset(const struct ublk_io *io)
{
	return io->desc.start_sector << SECTOR_SHIFT;
}

UBLK_EXPORT uint64_t ublk_io_length(const struct ublk_io *io)
{
	if (ublk_io_op(io) == LIBUBLK_OP_REPORT_ZONES)
		return 0;	/* nr_sectors counts zones */
	return (uint64_t)io->desc.nr_sectors << SECTOR_SHIFT;
}

UBLK_EXPORT unsigned ublk_io_tag(const struct ublk_io *io)
{
	return io->tag;
}

UBLK_EXPORT struct ublk_queue *ublk_io_queue(const struct ublk_io *io)
{
	return io->q;
}

UBLK_EXPORT void *ublk_io_priv(const struct ublk_io *io)
{
	return io->priv;
}
