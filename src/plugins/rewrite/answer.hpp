// The answer to a rewritten query, made into an answer to the query that the client sent.
#pragma once

#include <optional>

#include "plugins/rewrite/rules.hpp"

namespace nld::plugins::rewriting {

/// Changes `reply`, which answers `query`, so that it answers `request`: question, names, TTLs, rcode, as the
/// rules say. False when that cannot be done (a name that gets too long, a message that does): `reply` is
/// then SERVFAIL. AD goes from an answer whose names, question or rcode are not what was validated.
bool turn_back(const Rewritten& query, const pipeline::Request& request, pipeline::Reply& reply);

/// The alias of an answer whose target a cname rule changes.
struct AliasChange {
  std::size_t place = 0;  ///< its number among the records of the answer section
  dns::Name target;       ///< the new one
};
/// The first alias of the answer, from number `from` on, that a cname rule of `query` changes.
[[nodiscard]] std::optional<AliasChange> find_alias_change(const Rewritten& query,
                                                           const pipeline::Reply& reply, std::size_t from);
/// The answer up to that alias, and what `found` answers to the new target behind it. False: one of them is
/// no use. Afterwards `change.place` is where the alias stands now.
bool splice(AliasChange& change, const pipeline::Reply& found, pipeline::Reply& reply);

}  // namespace nld::plugins::rewriting
