// A syntax tree as Corefile text in one canonical form.
#pragma once

#include <string>

#include "corefile/syntax.hpp"

namespace nld::corefile {

/// parse(format(x)) has the same meaning as x, in the same environment. One exception, which only a token
/// with an environment reference can bring about: a text that needs quotes (it has a blank or '#', or begins
/// with '"') and also an odd run of backslashes before a '"' or at its end. The language cannot write that;
/// it is printed as near as it can be.
std::string format(const Syntax& syntax);

/// Same blocks, keys and directives in the same order, wherever they were written and however quoted.
bool same_meaning(const Syntax& left, const Syntax& right);

}  // namespace nld::corefile
