/**
 * What each shell at the far end knows before the first request: functions in POSIX sh over coreutils and `setsid`. Where the shell can do
 * a thing by itself no program is started: on a slow host each costs milliseconds. Exit code 44 says "there is nothing of that name".
 */
import { maximumOutput } from '../command.ts'

/** Programs that the functions need. */
export const neededPrograms = [
  'base64',
  'cat',
  'chmod',
  'chown',
  'date',
  'head',
  'ln',
  'mkdir',
  'mkfifo',
  'mv',
  'readlink',
  'rm',
  'rmdir',
  'setsid',
  'sha256sum',
  'sleep',
  'stat',
  'sync',
  'timeout',
  'truncate',
]

export const nothingThere = 44

/** Where programs are beside what the PATH there says, as a PATH: those of Flatcar and of snaps too. */
export const furtherFolders = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin:/snap/bin'

/** @param directory name of the directory for the line's own files; no shell reads anything into it */
export function prelude(directory: string): string {
  return `LC_ALL=C; PATH="$PATH:${furtherFolders}"; export LC_ALL PATH
umask 077; cd /
# /run is gone after a reboot, as the processes are; who is not root has only /tmp.
for k_dir in /run/${directory} /tmp/${directory}; do if [ -d "$k_dir" ] || mkdir -m 700 "$k_dir" 2>/dev/null; then break; fi; done
# Not exported: here bash keeps long here-documents, and they may hold private keys.
unset TMPDIR; TMPDIR=$k_dir
printf '' >"$k_dir/shell-$$"
while read -r k_a k_b k_c k_d; do case $k_a in Uid:) k_me=$k_c;; Gid:) k_me=$k_me:$k_c;; esac; done </proc/self/status
read -r k_boot </proc/sys/kernel/random/boot_id
${functions}`
}

const functions = `
k_end() { printf '\\n%s %s\\n' "$2" "$1"; printf '\\n%s %s\\n' "$2" "$1" >&2; }
# Root sees everything: then it is enough that the shell looks.
k_gone() { case $k_me in 0:*) [ ! -e "$1" ] && [ ! -L "$1" ];; *) stat -- "$1" 2>&1 >/dev/null | grep -q -e 'No such file' -e 'Not a directory';; esac; }
k_read() { k_gone "$1" && return 44; cat -- "$1"; }
k_stat() { k_gone "$1" && return 44; stat -c '%f %u %g %s' -- "$1"; }
k_list() {
  k_gone "$1" && return 44
  if [ ! -d "$1" ]; then printf 'Not a directory\\n' >&2; return 44; fi
  if [ ! -r "$1" ]; then printf 'Permission denied\\n' >&2; return 1; fi
  for k_e in "$1"/* "$1"/.*; do
    case $k_e in */. | */..) continue;; esac
    if [ -e "$k_e" ] || [ -L "$k_e" ]; then printf '%s\\0' "\${k_e##*/}"; fi
  done
}
k_mkdir() {
  if [ -d "$1" ] || [ -z "$1" ]; then return 0; fi
  k_mkdir "\${1%/*}" "$2" || return
  mkdir -m "$2" -- "$1" || [ -d "$1" ] || return
  sync "\${1%/*}/"
}
# Somebody else's, in a folder where everybody may make files: what the kernel would not follow there is not followed here (fs.protected_symlinks).
k_planted() {
  [ -k "\${1%/*}/" ] || return
  k_s=$(stat -c %u -- "$1") && [ "$k_s" != "\${k_me%%:*}" ] && [ "$k_s" != "$(stat -c %u -- "\${1%/*}/")" ]
}
# Where a chain of links leads, or the path itself; in k_f. A trailing newline of a target is kept.
k_follow() {
  k_f=$1; k_n=0
  while [ -L "$k_f" ] && [ $k_n -lt 40 ]; do
    if k_planted "$k_f"; then printf 'a link of somebody else\\n' >&2; return 1; fi
    k_l=$(readlink -n -- "$k_f"; printf x); k_l=\${k_l%x}
    case $k_l in /*) k_f=$k_l;; *) k_f=\${k_f%/*}/$k_l;; esac
    k_n=$((k_n + 1))
  done
  [ ! -L "$k_f" ] || { printf 'Too many levels of symbolic links\\n' >&2; return 1; }
}
# path, mode, 1 to keep the mode, mode of directories, owner or -, sha256, size, random name, umask that makes a new file have the mode (- when none does)
k_write() {
  k_follow "$1" || return
  k_d=\${k_f%/*}; k_b=\${k_f##*/}; k_m=$2; k_o=$5; k_u=$9
  if [ -d "$k_f" ]; then printf 'Is a directory\\n' >&2; return 1; fi
  if [ -e "$k_f" ] && ! k_planted "$k_f"; then
    k_s=$(stat -c '%a %u:%g %s' -- "$k_f") || return
    if [ "$3" = 1 ]; then k_m=\${k_s%% *}; k_u=-; fi
    k_s=\${k_s#* }
    [ "$k_o" != - ] || k_o=\${k_s%% *}
    if [ "$(stat -c '%a %u:%g %s' -- "$k_f")" = "$k_m $k_o $7" ] && k_h=$(sha256sum <"$k_f") && [ "\${k_h%% *}" = "$6" ]; then cat >/dev/null; return 0; fi
  fi
  k_mkdir "$k_d" "$4" || return
  for k_e in "$k_d/.$k_b.kadm-"*; do
    k_s=\${k_e#"$k_d/.$k_b.kadm-"}; k_p=\${k_s%%-*}
    # After a power cut the pid of who was at work is soon another one's.
    case \${k_s#*-} in "\${k_boot%%-*}"*) ;; *) k_p=gone;; esac
    if [ -f "$k_e" ] && { [ "$k_p" = $$ ] || [ ! -d "/proc/$k_p" ]; }; then rm -f -- "$k_e"; fi
  done
  k_t=$k_d/.$k_b.kadm-$$-\${k_boot%%-*}$8
  # Owner and mode are final before the first byte is in it.
  if [ "$k_u" = - ]; then umask 077; else umask "$k_u"; fi
  # Opened once, and made by this: in somebody's own folder the name may lead elsewhere a moment later.
  set -C; { set +C; k_fill; } 8>"$k_t"; k_r=$?; set +C; umask 077
  [ $k_r = 0 ] || return $k_r
  if sync "$k_t" && mv -f -- "$k_t" "$k_f"; then sync "$k_d/"; else rm -f -- "$k_t"; return 1; fi
}
k_fill() {
  umask 077
  if [ "$k_o" = - ] || [ "$k_o" = "$k_me" ] || chown "$k_o" /proc/self/fd/8; then
    if [ "$k_u" != - ] || chmod "$k_m" /proc/self/fd/8; then base64 -d >&8 && return; fi
  fi
  rm -f -- "$k_t"
  return 1
}
# path, mode, id of the request, id of the boot: what a request that was cut off has added already is taken away before it is added again
k_append() {
  if [ "$4" != "$k_boot" ]; then printf 'the host started anew meanwhile\\n' >&2; return 1; fi
  k_mkdir "\${1%/*}" 700 || return
  k_new=; if [ ! -s "$1" ]; then k_new=1; printf '' >>"$1" || return; chmod "$2" -- "$1" || return; fi
  if [ -s "$k_dir/append-$3" ]; then
    read -r k_n <"$k_dir/append-$3" && truncate -s "$k_n" -- "$1" || return
  else
    k_n=0; [ -n "$k_new" ] || k_n=$(stat -L -c %s -- "$1") || return
    printf '%s\\n' "$k_n" >"$k_dir/append-$3" || return
  fi
  base64 -d >>"$1" && sync "$1" || return
  [ -z "$k_new" ] || sync "\${1%/*}/"
}
k_remove() { if k_gone "$1"; then return 0; fi; rm -f -- "$1" && sync "\${1%/*}/"; }
k_rmdir() { if k_gone "$1" || [ ! -d "$1" ] || [ -L "$1" ]; then return 0; fi; rmdir -- "$1" && sync "\${1%/*}/"; }
# id of a command, whose text is the input; id of the boot. The same id is never started twice: what is found is waited for, and a boot forgets what was found.
k_run() {
  if [ "$2" != "$k_boot" ]; then printf 'lost\\n'; cat >/dev/null; return 0; fi
  k_j=$k_dir/$1
  if mkdir -m 700 "$k_j" 2>/dev/null; then
    cat >"$k_j/job" || return
    setsid /bin/sh "$k_j/job" "$k_j" </dev/null >/dev/null 2>&1 9>&- &
    wait $!
  else
    k_n=0
    while [ ! -s "$k_j/rc" ]; do
      if [ -s "$k_j/pid" ]; then read -r k_p <"$k_j/pid"; [ -d "/proc/$k_p" ] || break; else k_n=$((k_n + 1)); [ $k_n -lt 40 ] || break; fi
      sleep 0.05
    done
  fi
  k_r=lost; [ ! -s "$k_j/rc" ] || read -r k_r <"$k_j/rc"
  # Who says too much is ended by SIGPIPE; it is not worth the way.
  if [ "$k_r" = 141 ] && [ "$(stat -c %s -- "$k_j/out")" -gt ${maximumOutput} ]; then printf 'much\\n'; return 0; fi
  printf '%s\\n' "$k_r"
  [ ! -s "$k_j/out" ] || cat "$k_j/out"
  [ ! -s "$k_j/err" ] || cat "$k_j/err" >&2
}
# A command that was not started yet never will be.
k_kill() {
  if mkdir -m 700 "$k_dir/$1" 2>/dev/null; then return 0; fi
  for k_n in 1 2 3 4 5 6 7 8 9 10; do if [ -s "$k_dir/$1/pid" ]; then break; fi; sleep 0.05; done
  [ -s "$k_dir/$1/pid" ] || return 0
  read -r k_p <"$k_dir/$1/pid"
  kill -TERM "-$k_p" 2>/dev/null || return 0
  for k_n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -0 "-$k_p" 2>/dev/null || return 0; sleep 0.05; done
  kill -KILL "-$k_p" 2>/dev/null || return 0
}
# The process that stands for whoever works here from afar. It ends with this shell, when there is a new one, and when nobody has sent a beat for a minute: a line may hang for hours.
k_hold() {
  rm -f -- "$k_dir/beat" && mkfifo "$k_dir/beat" || return
  exec 9<>"$k_dir/beat"
  (exec 9>&-; while [ "$(timeout 60 head -c 2)" = b ]; do :; done <"$k_dir/beat") >/dev/null 2>&1 &
  printf '%s\\n' $!
}
# What was left by one who was killed: no shell of it lives, and it had ten minutes to come back.
k_tidy() {
  for k_e in /run/kadm-ssh-* /tmp/kadm-ssh-*; do
    if [ "$k_e" = "$k_dir" ] || [ ! -d "$k_e" ]; then continue; fi
    [ $(($(date +%s) - $(stat -c %Y -- "$k_e"))) -gt 600 ] || continue
    for k_p in "$k_e"/shell-*; do [ ! -d "/proc/\${k_p##*-}" ] || continue 2; done
    rm -rf -- "$k_e"
  done
}
# pid of that process; fails when it is gone. Its zombie may be there for long: a shell that has nothing to do buries no child.
k_beat() { { read -r k_a k_b k_c k_d <"/proc/$1/stat"; } 2>/dev/null && [ "$k_c" != Z ] && printf 'b\\n' 1<>"$k_dir/beat"; }
k_facts() {
  read -r k_a </proc/sys/kernel/hostname; read -r k_b </proc/sys/kernel/ostype; read -r k_c </proc/sys/kernel/osrelease
  printf '%s\\n' "$k_a" "\${k_me%%:*}" "$(nproc)" "$k_b" "$k_c"
  while read -r k_a k_b k_c; do [ "$k_a" != MemTotal: ] || printf '%s\\n' "$k_b"; done </proc/meminfo
  printf '\\0'; ip -o link show up 2>/dev/null
  printf '\\0'; ip -o addr show up 2>/dev/null
  printf '\\0'; cat /proc/net/route 2>/dev/null
  printf '\\0'; cat /proc/net/ipv6_route 2>/dev/null
  printf '\\0'; env -0
}
`
