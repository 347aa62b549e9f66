// Directives that are one word: there, or not there.
#pragma once

#include "plugins/arguments.hpp"

namespace nld::plugins {

template <bool BlockConfig::* On>
Result setup_switch(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  const std::string& name = line.name.text;
  Arguments arguments(line, name, context);
  if (Result done = arguments.finish(); !done) return done;
  block.*On = true;
  return expect_no_block(line, name);
}

}  // namespace nld::plugins
