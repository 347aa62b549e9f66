// The `local` directive as data.
#pragma once

namespace nld::plugins {

struct LocalConfig {
  bool prefix = true;  ///< names that begin with "localhost." are local, too: a search list made them
};

}  // namespace nld::plugins
