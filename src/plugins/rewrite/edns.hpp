// edns0 rules at work: the options of a query.
#pragma once

#include "plugins/rewrite/rules.hpp"

namespace nld::plugins::rewriting {

/// Changes the options of `query`; false when the rule has nothing to do: an option to replace that is not
/// there, one to append that is, a variable without a value.
bool apply_edns(const EdnsAction& action, const pipeline::Request& request, Rewritten& query);

}  // namespace nld::plugins::rewriting
