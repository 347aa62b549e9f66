// Reads /proc/net/ip_tables_names and ip6_tables_names.
#include "net/iptables/legacy_tables.hpp"

#include <fstream>

namespace nld::net {

std::vector<std::string> legacy_tables(Family family) {
  // /proc/net is the network namespace of the process's first thread, which need not be this thread's.
  std::ifstream names(family == Family::ipv4 ? "/proc/thread-self/net/ip_tables_names"
                                             : "/proc/thread-self/net/ip6_tables_names");
  std::vector<std::string> tables;
  for (std::string name; names >> name;) tables.push_back(std::move(name));
  return tables;
}

}  // namespace nld::net
