import type { Shell } from '../../shell/line.ts';
import { sh } from '../../shell/line.ts';

/**
 * What runs around a line on the host. It is the same text each time and holds nothing of the line: the line comes over
 * standard input, its length before it, and after it the input of the line itself.
 *
 * It first tells `TOKEN GROUP HOW` on a line of standard output: what a login shell prints before that is not ours. GROUP is
 * the process group of all that the line starts (of `timeout`, which ends it even when nobody is connected any more).
 * HOW is `runs`, or for an operation that is known already `ran` (its result follows) or `lost` (it has begun and not ended).
 *
 * POSIX sh with head, tee, timeout, mv -T (GNU coreutils) and mkfifo.
 */
const HEAD = `
set -u
token=$1 lineBytes=$2 inputBytes=$3 secret=$4
fields() { read -r stat <"/proc/$1/stat" 2>/dev/null || return 1; set -- \${stat##*) }; group=$3 start=\${20}; }
tell() { printf '%s %s %s\\n' "$token" "$1" "$2"; }
fields $$ || exit 120
line=$(head -c "$lineBytes")
case $line in *"#$token") ;; *) exit 121 ;; esac
perform() {
  if [ "$secret" = yes ]; then printf '%s' "$line" | sh -s; else exec sh -c "$line"; fi
}
`;

/** Changes nothing, so nothing is kept of it. */
const REPEATABLE = `${HEAD}
tell "$group" runs
perform
`;

/**
 * Begins at most once for its id, however often it is asked for: the folder of an operation appears by one rename, with its
 * input whole in it. From then on it goes on without a connection, and its output and exit code are kept for whoever asks.
 */
const ONCE = `${HEAD}
id=$5 keepSeconds=$6
trap '' PIPE
creation=$(umask)
umask 077
if [ "$(id -u)" -eq 0 ]; then home=/var/lib; else home=$HOME/.local/state; fi
state=\${XDG_STATE_HOME:-$home}/ompay/operations
operation=$state/$id
mkdir -p "$state" || exit 122
find "$state" -mindepth 1 -maxdepth 1 ! -newermt "-$keepSeconds seconds" -exec rm -rf {} + 2>/dev/null
answer() {
  read -r runner began group <"$operation/runner"
  while [ ! -e "$operation/code" ]; do
    if fields "$runner" && [ "$start" = "$began" ]; then sleep 0.1; continue; fi
    [ -e "$operation/code" ] && break
    tell 0 lost; exit 123
  done
  tell 0 ran
  cat "$operation/out"
  cat "$operation/err" >&2
  exit "$(cat "$operation/code")"
}
[ -e "$operation" ] && answer
own=$state/.$id.$$
mkdir "$own" || exit 122
head -c "$inputBytes" >"$own/in" || exit 122
if [ "$(wc -c <"$own/in")" -ne "$inputBytes" ]; then rm -rf "$own"; exit 121; fi
echo "$$ $start $group" >"$own/runner" && mkfifo "$own/1" "$own/2" || { rm -rf "$own"; exit 122; }
mv -T "$own" "$operation" 2>/dev/null || { rm -rf "$own"; answer; }
tell "$group" runs
keep() { trap '' XFSZ; ulimit -f 32768; exec tee "$1" 2>/dev/null; }
keep "$operation/out" <"$operation/1" &
keep "$operation/err" <"$operation/2" >&2 &
(
  trap - PIPE
  umask "$creation"
  exec <"$operation/in"
  rm -f "$operation/in"
  perform
) >"$operation/1" 2>"$operation/2"
code=$?
wait
rm -f "$operation/1" "$operation/2"
echo "$code" >"$operation/code.part" && mv "$operation/code.part" "$operation/code"
exit "$code"
`;

/**
 * Goes on until its standard input ends: when its caller leaves, or the connection is lost. `timeout`, which leads the
 * group, gets the SIGTERM too, and kills what does not heed it.
 */
const FOLLOWED = `${HEAD}
exec 3<&0
tell "$group" runs
{ trap '' TERM; cat <&3; kill -s TERM -- "-$group"; } >/dev/null 2>&1 &
(perform) </dev/null 3<&-
exit $?
`;

/** SIGTERM to the group, SIGKILL after two seconds to what is left of it. */
const KILL = `
kill -s TERM -- "-$1" || exit 0
i=0
while [ $i -lt 40 ] && kill -s 0 -- "-$1" 2>/dev/null; do sleep 0.05; i=$((i + 1)); done
kill -s KILL -- "-$1"
exit 0
`;

/** How the wrapper ends when it could not do its part. Lines may end so too: only before the first line is it the wrapper. */
export const NOT_BEGUN: Readonly<Record<number, string>> = {
  120: 'its /proc cannot be read',
  121: 'the line did not arrive whole',
  122: 'nothing could be kept in its folder of operations',
};

export interface WrappedLine {
  readonly line: Shell;
  readonly input: Uint8Array;
  /** Random, and no part of any output. */
  readonly token: string;
  /** The id of an operation that must not run twice; undefined for what may be repeated. */
  readonly operationId: string | undefined;
  readonly timeoutMs: number;
  readonly sudo: boolean;
  /** It reads, and ends with its caller. */
  readonly isFollowed?: boolean;
}

/** The host ends a line by itself this much after its caller should have. */
const HOST_GRACE_MS = 5000;
const KEEP_SECONDS = 86_400;

/** The command for sshd. It holds no part of the line, so no secret either. */
export function wrapperCommand(wrapped: WrappedLine): string {
  const { line, input, token, operationId, timeoutMs, sudo, isFollowed } = wrapped;
  const limitSeconds = ((timeoutMs + HOST_GRACE_MS) / 1000).toFixed(3);
  const sizes = sh`${token} ${lineBytes(line, token).length} ${input.length} ${line.hasSecret ? 'yes' : 'no'}`;
  const program =
    operationId === undefined
      ? sh`${isFollowed === true ? FOLLOWED : REPEATABLE} ompay ${sizes}`
      : sh`${ONCE} ompay ${sizes} ${operationId} ${KEEP_SECONDS}`;
  return sh`exec ${sudoWords(sudo)} timeout -k 2 ${limitSeconds} sh -c ${program}`.text;
}

/** What goes over standard input: the line with a comment that proves its end, then its input. */
export function wrapperInput({ line, input, token }: WrappedLine): Buffer {
  return Buffer.concat([lineBytes(line, token), input]);
}

function lineBytes(line: Shell, token: string): Buffer {
  return Buffer.from(`${line.text}\n#${token}`);
}

export function killCommand(group: number, sudo: boolean): string {
  return sh`exec ${sudoWords(sudo)} sh -c ${KILL} ompay ${group}`.text;
}

/** `-n`: a password is not asked for; it fails at once instead. */
function sudoWords(sudo: boolean): readonly string[] {
  return sudo ? ['sudo', '-n', '--'] : [];
}
