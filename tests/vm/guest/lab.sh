# All parts of the laboratory inside the virtual machine. To be sourced by each scenario.
for part in check network dns ipvs agent life; do
  . "/lab/guest/$part.sh"
done
