/** Completions for the shells (bash, zsh, fish), from the program's own tables. */

/** Answers them by the path at which each shell looks for its own. */
export const completions = ({ settings, commands, operandOf, ownOptions }) => {
  const options = [
    ...Object.entries(settings).map(([name, { help }]) => [name, help]),
    ['limit', 'another bound, as NAME=N'],
    ['config', 'a file of settings'],
    ...Object.entries(ownOptions).map(([name, { about }]) => [name, about])
  ]
  const words = commands.map(({ name }) => name).join(' ')
  const namesOfFiles = Object.entries(settings).flatMap(([name, { argument }]) => (['FILE', 'DIR'].includes(argument) ? [name] : []))
  const beforeFiles = ['config', ...namesOfFiles, ...Object.keys(ownOptions)].map(name => `--${name}`)
  const commandsWithFile = commands.flatMap(({ name }) => (operandOf(name) ? [name] : []))
  const names = [...options.map(([name]) => `--${name}`), '--help', '--version'].join(' ')
  const bash = `# Completes wattslug's commands and settings.
_wattslug() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    ${[...beforeFiles, ...commandsWithFile].join(' | ')}) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --source) mapfile -t COMPREPLY < <(compgen -W "auto demo $(echo /dev/ttyUSB* /dev/ttyACM* /dev/wattslug-meter*)" -- "$word") ;;
    --baud) mapfile -t COMPREPLY < <(compgen -W "57600 9600 2400" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "${words} ${names}" -- "$word") ;;
  esac
}
complete -o default -F _wattslug wattslug
`
  const zsh = `#compdef wattslug
# Completes wattslug's commands and settings.
_arguments \\
  '1:command:((${commands.map(({ name, about }) => `${name}\\:"${quoted(about)}"`).join(' ')}))' \\
${options.map(([name, help]) => `  '--${name}=[${quoted(help).replaceAll(/[[\]:]/g, found => `\\${found}`)}]:value:_files'`).join(' \\\n')} \\
  '--help[say what there is]' '--version[say which version this is]' '*:file:_files'
`
  const fish = [
    "# Completes wattslug's commands and settings.",
    ...commands.map(({ name, about }) => `complete -c wattslug -n __fish_use_subcommand -a ${name} -d '${forFish(about)}'`),
    ...options.map(([name, help]) => `complete -c wattslug -l ${name} -r -d '${forFish(help)}'`),
    "complete -c wattslug -l help -d 'say what there is'",
    "complete -c wattslug -l version -d 'say which version this is'",
    ''
  ].join('\n')
  return {
    'usr/share/bash-completion/completions/wattslug': bash,
    'usr/share/zsh/vendor-completions/_wattslug': zsh,
    'usr/share/fish/vendor_completions.d/wattslug.fish': fish
  }
}

const quoted = text => text.replaceAll("'", "'\\''")
const forFish = text => text.replaceAll("'", "\\'")
