// What is said about a query beside its answer: values by label, as the `metadata` directive publishes them.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace nld::pipeline {

/// Labels are "PLUGIN/NAME". Those that are known only later (which upstream answered) stand in the Reply.
using Metadata = std::map<std::string, std::string, std::less<>>;

}  // namespace nld::pipeline
