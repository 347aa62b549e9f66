// Flags of node-cache that have nothing to do here.
#pragma once

#include <CLI/App.hpp>

namespace nld::cli {

/// Those of node-cache, of the CoreDNS in it and of its log libraries (glog, klog) that need no counterpart:
/// a DaemonSet that has them starts, with one dash or two. Shown in a group of their own in --help.
void add_accepted_flags(CLI::App& command);

}  // namespace nld::cli
