# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by the other parts
# One guest: how it is started, what it is given, how it ends.

ACCEL=()
SLOW=1		# what time limits are multiplied by

# A /dev/kvm may be there and not run a stock kernel (nested, emulated). Booting one without a
# root disk takes a second where it works, and ends in the panic that we look for.
kvm_works()
{
	local log=$TMP/kvm-probe.log
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	# In braces: the shell has something to say too when QEMU aborts.
	{
		timeout -k 1 20 qemu-system-x86_64 -accel kvm -cpu host -m 256 -display none \
			-nodefaults -no-reboot -kernel "$1" -append "console=ttyS0 panic=-1" \
			-serial "file:$log"
	} >/dev/null 2>&1 </dev/null || return 1
	grep -q 'Unable to mount root fs' "$log"
}

probe_kvm()
{
	if kvm_works "$VMLINUZ"; then echo kvm; else echo tcg; fi >"$1"
}

# choose_accel: sets ACCEL. The probe's answer is kept for this boot of this machine.
choose_accel()
{
	local accel=${UBLK_ACCEL:-}
	[ ${#ACCEL[@]} = 0 ] || return 0
	if [ -z "$accel" ]; then
		cached accel "$({
			cat /proc/sys/kernel/random/boot_id
			qemu-system-x86_64 --version
			echo "$VMLINUZ $(id -u)"
		} | hash_text)" probe_kvm
		accel=$(cat "$CACHED")
	fi
	case $accel in
	kvm)	ACCEL=(-accel kvm -cpu host) SLOW=1 ;;
	# QEMU 7.2 translates cmpxchg16b wrongly: newer guests panic at random.
	# Its timer may be too late for the kernel's check at boot when the host is busy.
	# Slower still beside another guest.
	tcg)	ACCEL=(-accel "tcg,thread=multi" -cpu "max,-cx16") SLOW=3
		KERNEL_ARGS+=(no_timer_check) ;;
	*)	die "UBLK_ACCEL is '$accel'; kvm or tcg" ;;
	esac
	SLOW=${UBLK_TIMEOUT_SCALE:-$SLOW}
}

# Panics at once on an Oops: what comes after one says nothing. Limits: see LAB notes in `help`.
KERNEL_ARGS=(root=/dev/vda rw init=/sbin/ublk-init console=ttyS0 loglevel=5 oops=panic panic=1
	log_buf_len=8M rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60 net.ifnames=0)
DEBUG_ARGS=()		# what a debug kernel is told beside these
GUEST_MEMORY=2048
GUEST_SLOW=1		# a debug kernel is slower

# boot_guest DIR SMP JOBDIR [QEMU ARG..]: start a guest in the background; sets GUEST (its pid).
# DIR gets console.log; JOBDIR is what the guest finds in /run/ublk-job.
boot_guest()
{
	local dir=$1 smp=$2 job=$3 root="format=raw,snapshot=on,file=$ROOT_IMAGE"
	shift 3
	mkdir -p "$dir"
	[ -z "$ROOT_OVERLAY" ] || root=$(root_overlay "$dir") || die "no overlay for the root"
	printf '%s\n' "export UBLK_CPUS=${smp%%,*} UBLK_SLOW=$GUEST_SLOW" "${JOB_ENV[@]}" >>"$job/env"
	tar -C "$job" -cf "$dir/job.tar" .
	truncate -s 4G "$dir/scratch.img"
	# The MP table, which is all there is without ACPI, lists one CPU per package.
	[ -n "$INITRD" ] || smp=${smp%%,*},sockets=${smp%%,*},cores=1,threads=1
	# It does not outlive who started it, whatever way that ends.
	TMPDIR=$dir setpriv --pdeathsig KILL qemu-system-x86_64 "${ACCEL[@]}" \
		-smp "$smp" -m "$GUEST_MEMORY" \
		-display none -nodefaults -no-reboot -nic none -device virtio-rng-pci \
		-kernel "$VMLINUZ" ${INITRD:+-initrd "$INITRD"} \
		-append "${KERNEL_ARGS[*]} ${DEBUG_ARGS[*]} ${INIT_ARGS[*]}" \
		-serial "file:$dir/console.log" \
		-drive "if=virtio,$root" \
		-drive "if=virtio,format=raw,readonly=on,file=$TMP/payload.img" \
		-drive "if=virtio,format=raw,readonly=on,file=$dir/job.tar" \
		-drive "if=virtio,format=raw,cache=unsafe,discard=unmap,file=$dir/scratch.img" \
		-device virtio-serial-pci "$@" <&0 &
	GUEST=$!
	child_started "$GUEST"
}

guest_runs() { kill -0 "$GUEST" 2>/dev/null; }

end_guest()
{
	kill -KILL "$GUEST" 2>/dev/null || true
	wait "$GUEST" 2>/dev/null || true
	child_gone "$GUEST"
	rm -f "$1/scratch.img" "$1/root.qcow2"
}

show_console()
{
	say "   | ---- end of the guest's console:"
	tail -n "${2:-80}" "$1/console.log" 2>/dev/null | tr -d '\r' | sed 's/^/   | /'
}

run_shell()
{
	local dir=$TMP/shell
	mkdir -p "$dir/job"
	{
		echo "export UBLK_MODE=shell"
		[ ! -t 0 ] || stty size | {
			read -r rows cols
			echo "export UBLK_ROWS=$rows UBLK_COLS=$cols"
		}
		echo "export TERM=$(printf %q "${TERM:-dumb}")"
	} >"$dir/job/env"
	say "   booting (${ACCEL[1]}), some 10 to 20 s ..."
	if [ -t 0 ]; then
		SAVED_TTY=$(stty -g)
		# Ctrl-C and the like are for the guest's shell.
		stty raw -echo
	fi
	boot_guest "$dir" "$1" "$dir/job" -device virtconsole,chardev=con \
		-chardev stdio,id=con,signal=off
	wait "$GUEST"
	child_gone "$GUEST"
	restore_tty
}
