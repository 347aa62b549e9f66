// Which chain answers a question: for plugins that look something up themselves.
#pragma once

#include <memory>

#include "dns/message.hpp"

namespace nld::pipeline {

class Chain;

/// One a listen address of a worker.
class Router {
 public:
  Router() = default;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  virtual ~Router() = default;

  /// Null: no block serves that name here.
  [[nodiscard]] virtual std::shared_ptr<const Chain> route(const dns::Query& query) const = 0;
};

}  // namespace nld::pipeline
