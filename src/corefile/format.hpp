// A syntax tree as Corefile text in one canonical form.
#pragma once

#include <string>

#include "corefile/syntax.hpp"

namespace nld::corefile {

/// parse(format(x)) has the same meaning as x, with one exception that only an environment value can bring
/// about: a token with a blank, '#' or the like and also an odd run of backslashes before a quote or at its
/// end. The language cannot write that; such a token is printed as near as it can be.
std::string format(const Syntax& syntax);

/// Same blocks, keys and directives in the same order, wherever they were written and however quoted.
bool same_meaning(const Syntax& left, const Syntax& right);

}  // namespace nld::corefile
