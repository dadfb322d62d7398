# Read by an interactive zsh: what completion offers for a line goes to $HITS, a word a line, and the shell ends.
PS1= RPS1=
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -D
bindkey '^I' complete-word
bindkey '^M' undefined
zstyle ':completion:*' list-grouped false
compadd() {
  # Those that only ask for matches are not offers.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a __hits
  builtin compadd -A __hits "$@"
  (($#__hits)) && print -rl -- $__hits >> $HITS
  builtin compadd "$@"
}
finish() { print END >> $HITS; exit }
comppostfuncs=(finish)
print READY > $HITS
