// A question that a plugin asks for itself while it answers a client's.
#pragma once

#include <vector>

#include "pipeline/plugin.hpp"

namespace nld::plugins {

/// One question with its reply: owns what the request's views point into, so it is neither copied nor moved.
class Lookup {
 public:
  /// Asks for (name, type) in class IN on behalf of `cause`: with RD, without EDNS, as CoreDNS does, so that
  /// the answer comes from and goes to the cache's entry of plain queries.
  Lookup(const pipeline::Request& cause, dns::NameView name, dns::RRType type);
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup() = default;

  /// True when `name` is asked for already, by this question or one that led to it: a circle.
  static bool in_progress(const pipeline::Request& request, dns::NameView name, dns::RRType type) noexcept;

  pipeline::Request request;
  pipeline::Reply reply;

 private:
  std::vector<std::uint8_t> message_;
};

}  // namespace nld::plugins
