// A rule as iptables prints it, read as words.
#pragma once

#include <string>
#include <string_view>

namespace nld::net {

/// One form for what backends and releases print differently: blanks, quotes, single addresses with or
/// without their prefix length, `NOTRACK` and `CT --notrack`. For comparing; not for iptables to read.
std::string normal_form(std::string_view spec);

/// Where it jumps or goes to; empty for a rule that only counts.
std::string jump_target(std::string_view spec);

}  // namespace nld::net
