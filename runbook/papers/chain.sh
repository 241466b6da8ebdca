( #
  if cd './case-2024-07/data' && [ -f journal.jsonl ]; then #
    export LC_ALL=C #
    command -v sha256sum > /dev/null || sha256sum() { shasum -a 256 "$@"; } #
    number=0; breaks=0; previous=$(printf '%064d' 0) #
    if ! tr -d '\000-\011\013-\037' < journal.jsonl | cmp -s - journal.jsonl; then breaks=1; echo 'RUPTURE / BREAK : caractere de controle / control character'; fi #
    while IFS= read -r line; do #
      number=$((number + 1)) #
      told=${line#*\"prev\":} #
      case $line in [{]*"\"prev\":\"$previous\""*[}]) ;; *) told='"prev":' ;; esac #
      case $line in *[{,]"\"n\":$number"[,}]*) ;; *) told='"prev":' ;; esac #
      case $told in *'"prev":'*) breaks=$((breaks + 1)); echo "RUPTURE / BREAK : $number" ;; esac #
      previous=$(printf '%s' "$line" | sha256sum | cut -c -64) #
    done < journal.jsonl #
    if [ -n "$line" ]; then breaks=$((breaks + 1)); echo "COUPEE AVANT SA FIN / CUT OFF : $((number + 1))"; fi #
    if [ "$number" -eq 0 ]; then echo 'RIEN N A ETE CONTROLE : AUCUNE LIGNE / NOTHING WAS CHECKED: NOT ONE LINE'; else echo "Lignes / Lines : $number ; ruptures / breaks : $breaks"; echo "Derniere / Last : $previous"; fi #
  else echo 'RIEN N A ETE CONTROLE : CE DOSSIER N EST PAS ICI, OU SANS JOURNAL / NOTHING WAS CHECKED: THERE IS NO SUCH FOLDER HERE, OR NO JOURNAL IN IT' #
  fi #
) #
