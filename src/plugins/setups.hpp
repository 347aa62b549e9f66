// The setup function of each directive that checks its line; each is defined in its folder's config.cpp.
#pragma once

#include "plugins/directives.hpp"

namespace nld::plugins {

Result setup_acl(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_bind(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_bufsize(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_cache(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_cancel(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_chaos(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_dns64(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_errors(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_forward(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_header(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_health(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_hosts(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_loadbalance(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_local(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_log(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_metadata(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_nsid(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_prometheus(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_ready(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_reload(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_rewrite(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_template(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_timeouts(const corefile::Directive& line, BlockConfig& block, SetupContext& context);
Result setup_tls(const corefile::Directive& line, BlockConfig& block, SetupContext& context);

}  // namespace nld::plugins
