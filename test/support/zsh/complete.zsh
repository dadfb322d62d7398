# zsh -f complete.zsh LINE...: what an interactive zsh offers at the end of each line, each on a line. Environment:
# COMPLETIONS, a folder with _tkafka; HITS, a file to work with.
zmodload zsh/zpty
for line in "$@"; do
  rm -f $HITS
  zpty shell zsh -f -i
  zpty -w shell "source ${0:h}/hits.zsh"
  repeat 400; do [[ -s $HITS ]] && break; sleep 0.05; done
  zpty -w -n shell "$line"$'\t'
  repeat 400; do grep -q '^END' $HITS && break; sleep 0.05; done
  zpty -d shell
  print -r -- ${(f)"$(grep -v -x -e READY -e END $HITS)"}
done
