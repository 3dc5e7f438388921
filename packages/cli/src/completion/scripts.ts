/** Shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

// Each script hands the words up to the cursor to `loguro complete SHELL -- …` as they are: nothing that was
// typed is evaluated. The first line of the answer is `files` (let the shell complete file names) or `words`.

/** What to source in the shell. */
export const SCRIPTS: Record<Shell, string> = {
  bash: `# bash completion for loguro: source <(loguro completion bash)
_loguro() {
  local lines
  mapfile -t lines < <(loguro complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("\${lines[@]:1}")
  if [[ \${lines[0]} == files ]]; then
    compopt -o default
  fi
}
complete -F _loguro loguro
`,
  zsh: `#compdef loguro
# zsh completion for loguro: source <(loguro completion zsh)
_loguro() {
  local -a lines
  lines=("\${(@f)$(loguro complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[1]} == files ]]; then
    _files
  else
    lines=("\${(@)lines[2,-1]}")
    _describe 'loguro' lines
  fi
}
compdef _loguro loguro
`,
  fish: `# fish completion for loguro: loguro completion fish | source
function __loguro_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (loguro complete fish -- $words[2..-1] 2>/dev/null)
  if test "$lines[1]" = files
    __fish_complete_path (commandline -ct)
  else
    string join \\n -- $lines[2..-1]
  end
end
complete -c loguro -f -a '(__loguro_complete)'
`,
};

/** One word that fits, and what it is. */
export interface Candidate {
  word: string;
  description: string;
}

/** The answer as the shell's script reads it. */
export function formatCandidates(shell: Shell, candidates: readonly Candidate[]): string {
  const lines = candidates.map(({ word, description }) => {
    const text = description.replaceAll(/\s+/g, ' ');
    if (shell === 'fish') return `${word}\t${text}`;
    if (shell === 'zsh') return `${word.replaceAll(':', '\\:')}:${text}`;
    return word;
  });
  return ['words', ...lines].map((line) => `${line}\n`).join('');
}
