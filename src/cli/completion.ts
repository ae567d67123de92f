import { Argument, type Command } from 'commander';
import type { Invocation } from './command.ts';
import { commands } from './index.ts';

export function configure(command: Command): void {
  command.addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']));
  command.addHelpText(
    'after',
    '\nbash: source <(ompay completion bash)   zsh: source <(ompay completion zsh)   fish: ompay completion fish | source',
  );
}

export async function run({ args, output }: Invocation): Promise<number> {
  const words = nextWords();
  const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[
    args[0] === 'zsh' ? 'zsh' : args[0] === 'fish' ? 'fish' : 'bash'
  ];
  output.write(script(words));
  return 0;
}

/** What may follow: '' -> deploy, rollback …; 'api' -> outbox, distributor; 'api distributor' -> create. */
function nextWords(): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  for (const { words } of commands) {
    const parts = words.split(' ');
    for (const [index, part] of parts.entries()) {
      const before = parts.slice(0, index).join(' ');
      next.set(before, (next.get(before) ?? new Set()).add(part));
    }
  }
  return next;
}

function cases(words: Map<string, Set<string>>, line: (before: string, next: string) => string): string {
  return [...words].map(([before, next]) => line(before, [...next].join(' '))).join('\n');
}

function bashScript(words: Map<string, Set<string>>): string {
  return `_ompay() {
  local typed="\${COMP_WORDS[*]:1:COMP_CWORD-1}" next=
  case "$typed" in
${cases(words, (before, next) => `    '${before}') next='${next}' ;;`)}
  esac
  COMPREPLY=($(compgen -W "$next --help --json" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _ompay ompay
`;
}

function zshScript(words: Map<string, Set<string>>): string {
  return `#compdef ompay
_ompay() {
  local typed="\${words[2,CURRENT-1]}"
  case "$typed" in
${cases(words, (before, next) => `    '${before}') compadd ${next} ;;`)}
  esac
  compadd -- --help --json
}
compdef _ompay ompay
`;
}

function fishScript(words: Map<string, Set<string>>): string {
  return `complete -c ompay -f
complete -c ompay -l help -l json
${cases(words, (before, next) => `complete -c ompay -n 'test (string join " " (commandline -opc)[2..]) = "${before}"' -a '${next}'`)}
`;
}
