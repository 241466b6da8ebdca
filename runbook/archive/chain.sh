if cd '/archive/case-2024-01/data'; then #
  command -v sha256sum > /dev/null || sha256sum() { shasum -a 256 "$@"; } #
  number=0; breaks=0; previous=$(printf '%064d' 0) #
  while IFS= read -r line || [ -n "$line" ]; do #
    number=$((number + 1)) #
    case $line in *"\"prev\":\"$previous\""*) ;; *) breaks=$((breaks + 1)); echo "RUPTURE / BREAK : $number" ;; esac #
    previous=$(printf '%s' "$line" | sha256sum | cut -c -64) #
  done < journal.jsonl #
  echo "Lignes / Lines : $number ; ruptures / breaks : $breaks"; echo "Derniere / Last : $previous" #
else echo 'RIEN N A ETE CONTROLE : CE DOSSIER N EXISTE PAS / NOTHING WAS CHECKED: THERE IS NO SUCH FOLDER' #
fi #
