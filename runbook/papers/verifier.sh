( #
  if cd './case-2024-07'; then #
    seal_on_paper='' #
    export LC_ALL=C # every name byte for byte, whatever its language #
    command -v sha256sum > /dev/null || sha256sum() { shasum -a 256 "$@"; } #
    shape='^[0-9a-f]{64}  ([A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+$'; dots='[ /][.][.]?(/|$)' # a line of a list; a name that leaves the archive #
    plain() { tr -c '\000 -~' '?' | tr '\000' '\n'; } # names parted by NUL, one a line, without what could repaint the screen #
    lines() { for list in manifest-sha256.txt tagmanifest-sha256.txt; do if [ -f "$list" ] && [ ! -L "$list" ]; then grep -aE "$shape" "$list" | grep -avE "$dots"; fi; done; } #
    files() { find . -type f ! -path '*[!A-Za-z0-9._/-]*' | cut -c 3- | sort; } # names that a list can hold; the others are additions #
    whole() { [ -s "$1" ] && ! grep -qavE "$shape" "$1" && ! grep -qaE "$dots" "$1" && [ -z "$(tail -c 1 "$1")" ] && cut -c 67- "$1" | sort -c -u 2> /dev/null && [ "$(grep -caE '^.{66}data/' "$1")" -eq "$2" ]; } #
    count() { if [ -f "$1" ] && [ ! -L "$1" ]; then grep -ca '' "$1"; else echo 0; fi; } #
    wrong() { #
      find . ! -type d ! -type f -print0 | plain | sed 's|^|LIEN / LINK : |' #
      find . -type d -empty -print0 | plain | sed 's|^|DOSSIER VIDE AJOUTE / EMPTY FOLDER ADDED : |' #
      find . -type f -path '*[!A-Za-z0-9._/-]*' -print0 | plain | sed 's|^\./|AJOUTE / ADDED : |' #
      comm -23 <(files | grep -vx 'tagmanifest-sha256\.txt') <(lines | cut -c 67- | sort -u) | sed 's|^|AJOUTE / ADDED : |' #
      comm -13 <(files) <({ lines | cut -c 67-; printf 'manifest-sha256.txt\ntagmanifest-sha256.txt\n'; } | sort -u) | sed 's|^|MANQUANT / MISSING : |' #
      awk 'NR == FNR { there[$0]; next } substr($0, 67) in there' <(files) <(lines) | sha256sum --check --quiet 2>&1 | sed -e '/WARNING: /d' -e 's|^\(.*\): FAILED open or read$|ILLISIBLE / CANNOT BE READ : \1|' -e 's|^\(.*\): FAILED$|CHANGE / CHANGED : \1|' #
      [ ! -f manifest-sha256.txt ] || [ -L manifest-sha256.txt ] || whole manifest-sha256.txt "$(count manifest-sha256.txt)" || echo 'LISTE ABIMEE / LIST DAMAGED : manifest-sha256.txt' #
      [ ! -f tagmanifest-sha256.txt ] || [ -L tagmanifest-sha256.txt ] || whole tagmanifest-sha256.txt 0 || echo 'LISTE ABIMEE / LIST DAMAGED : tagmanifest-sha256.txt' #
      for name in VERIFIER.txt bag-info.txt bagit.txt manifest-sha256.txt; do lines | cut -c 67- | grep -qxF "$name" || echo "ABSENT DE LA LISTE / NOT IN THE LIST : $name"; done #
    } #
    faults=$(wrong 2>&1 | tr -c '\n -~' '?') #
    seal='-' #
    if [ -f tagmanifest-sha256.txt ] && [ ! -L tagmanifest-sha256.txt ]; then seal=$(sha256sum < tagmanifest-sha256.txt | cut -c -64); fi #
    typed=$(printf '%s' "$seal_on_paper" | tr -d '[:space:]') #
    paper=$(printf '%s' "$typed" | tr -cd '0-9A-Fa-f' | tr 'A-F' 'a-f') #
    groups() { printf '%s\n' "$1" | fold -w 4; } #
    slips=$(paste <(groups "$paper") <(groups "$seal") | awk -F '\t' '$1 != $2 { print "GROUPE / GROUP " NR " : saisi / typed " ($1 == "" ? "-" : $1) ", calcule / computed " ($2 == "" ? "-" : $2) }') #
    slipped=$(printf '%s' "$slips" | grep -c '') #
    answer='INTACTE, ORIGINE PROUVEE / INTACT, ORIGIN PROVEN'; origin='prouvee / proven'; said='' #
    compared='fichiers avec listes, listes avec le sceau saisi / files with lists, lists with the seal typed' #
    if [ -z "$typed" ]; then answer='COHERENTE, ORIGINE NON VERIFIEE / CONSISTENT, ORIGIN NOT CHECKED'; origin='non verifiee / not checked'; compared='fichiers avec listes, listes avec rien : qui les refait toutes obtient cette reponse / files with lists, lists with nothing: whoever makes them all anew gets this answer' #
    elif [ "$paper" = "$seal" ]; then [ -z "$faults" ] || origin='le sceau concorde, le contenu non / the seal matches, the content does not' #
    elif [ "${#paper}" -ne 64 ]; then answer='SCEAU MAL RECOPIE / SEAL MISTYPED'; said="$answer, ${#paper} CHIFFRES SUR / DIGITS OF 64"$'\n'"$(printf '%s\n' "$slips" | head -n 1)" #
    elif [ "$slipped" -le 8 ]; then answer='SCEAU MAL RECOPIE / SEAL MISTYPED'; said="$answer"$'\n'"$slips" #
    else answer='SCEAU DIFFERENT / SEAL DIFFERS'; said=$answer; fi #
    if [ -n "$said" ]; then origin='non prouvee / not proven'; fi #
    if [ -n "$faults" ]; then answer='ALTEREE / TAMPERED WITH'; fi #
    echo "$answer"; printf '%s\n%s\n' "$faults" "$said" | sed '/^$/d' | grep -vxF "$answer" #
    beside=$(lines | cut -c 67- | grep -vc '^data/'); [ "$seal" = '-' ] || beside=$((beside + 1)) # no list names the last one #
    echo "Origine / Origin : $origin"; echo "Compare / Compared : $compared"; echo "Fichiers / Files : $(lines | cut -c 67- | grep -c '^data/') dans / in data, $beside a cote / beside"; echo "Sceau / Seal : $seal"; echo "Dossier / Folder : $(pwd -P | tr -c '\n -~' '?')" #
  else echo 'RIEN N A ETE CONTROLE : CE DOSSIER N EST PAS ICI / NOTHING WAS CHECKED: THERE IS NO SUCH FOLDER HERE' #
  fi #
) #
