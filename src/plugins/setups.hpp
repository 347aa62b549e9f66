// The setup function of each directive that checks its line; each is defined in its folder's config.cpp.
#pragma once

#include "plugins/directives.hpp"

namespace nld::plugins {

Result setup_bind(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_cache(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_errors(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_forward(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_health(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_log(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_loop(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_prometheus(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_ready(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_reload(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_rewrite(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_whoami(const corefile::Directive& line, BlockConfig& block, SetupContext& context);

// Not in effect yet: these only check what stands there.
Result check_bufsize(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result check_dns64(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result check_hosts(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result check_loadbalance(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result check_template(const corefile::Directive& line, BlockConfig& block, SetupContext& context);

}  // namespace nld::plugins
