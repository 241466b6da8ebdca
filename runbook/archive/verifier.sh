if cd '/archive/case-2024-01'; then #
  seal_on_paper='' #
  command -v sha256sum > /dev/null || sha256sum() { shasum -a 256 "$@"; } #
  line_end=$'\n' #
  faults=$( #
    sha256sum --check --quiet tagmanifest-sha256.txt manifest-sha256.txt 2>&1 #
    find . ! -type d ! -type f | sed 's|^|LIEN / LINK : |' #
    find . -type d -empty | sed 's|^|DOSSIER VIDE AJOUTE / EMPTY FOLDER ADDED : |' #
    LC_ALL=C comm -23 <(find . ! -type d | sed 's|^\./||' | grep -v '^tagmanifest-sha256\.txt$' | LC_ALL=C sort) <(cut -c 67- manifest-sha256.txt tagmanifest-sha256.txt | LC_ALL=C sort) | sed 's|^|AJOUTE / ADDED : |' #
  ) #
  seal=$(sha256sum < tagmanifest-sha256.txt | cut -c -64) #
  typed=$(printf '%s' "$seal_on_paper" | tr -d '[:space:]') #
  paper=$(printf '%s' "$typed" | tr -cd '0-9A-Fa-f' | tr 'A-F' 'a-f') #
  well='TOUT EST BIEN / ALL IS WELL' #
  origin='ORIGINE PROUVEE / ORIGIN PROVEN' #
  fault='' #
  if [ -z "$typed" ]; then well='COHERENTE, ORIGINE NON VERIFIEE / COHERENT, ORIGIN NOT CHECKED'; origin='aucun sceau saisi / no seal typed'; elif [ "${#paper}" -ne 64 ]; then fault="SCEAU MAL RECOPIE, ${#paper} CHIFFRES AU LIEU DE 64 / SEAL MISTYPED, ${#paper} DIGITS INSTEAD OF 64"; elif [ "$paper" != "$seal" ]; then fault='SCEAU DIFFERENT / SEAL DIFFERS'; elif [ -n "$faults" ]; then origin='le sceau concorde, le contenu non / the seal matches, the content does not'; fi #
  if [ -n "$fault" ]; then origin='ORIGINE NON PROUVEE / ORIGIN NOT PROVEN'; faults="${faults:+$faults$line_end}$fault"; fi #
  if [ -z "$faults" ]; then echo "$well"; else echo 'ANOMALIES / FAULTS'; echo "$faults"; fi #
  echo "$origin"; echo "Sceau / Seal : $seal"; echo "Dossier / Folder : $(pwd -P)" #
else echo 'RIEN N A ETE CONTROLE : CE DOSSIER N EXISTE PAS / NOTHING WAS CHECKED: THERE IS NO SUCH FOLDER' #
fi #
