cd '/archive/case-2024-01' #
seal_on_paper='' #
command -v sha256sum > /dev/null || sha256sum() { shasum -a 256 "$@"; } #
faults=$( #
  sha256sum --check --quiet tagmanifest-sha256.txt manifest-sha256.txt 2>&1 #
  find . ! -type d ! -type f | sed 's|^|LIEN / LINK : |' #
  find . -type d -empty | sed 's|^|DOSSIER VIDE AJOUTE / EMPTY FOLDER ADDED : |' #
  LC_ALL=C comm -23 <(find . ! -type d | sed 's|^\./||' | grep -v '^tagmanifest-sha256\.txt$' | LC_ALL=C sort) <(cut -c 67- manifest-sha256.txt tagmanifest-sha256.txt | LC_ALL=C sort) | sed 's|^|AJOUTE / ADDED : |' #
) #
seal=$(sha256sum < tagmanifest-sha256.txt | cut -c -64) #
paper=$(printf '%s' "$seal_on_paper" | tr -cd '0-9A-Fa-f' | tr 'A-F' 'a-f') #
if [ -z "$paper" ]; then origin='origine non verifiee / origin not checked'; elif [ "$paper" = "$seal" ]; then origin='ORIGINE PROUVEE / ORIGIN PROVEN'; else origin='SCEAU DIFFERENT / SEAL DIFFERS'; faults="$faults $origin"; fi #
if [ -z "$faults" ]; then echo 'TOUT EST BIEN / ALL IS WELL'; else echo 'ANOMALIES / FAULTS'; echo "$faults"; if [ "$paper" = "$seal" ]; then origin='le sceau concorde, le contenu non / the seal matches, the content does not'; fi; fi #
echo "$origin"; echo "Sceau / Seal : $seal" #
