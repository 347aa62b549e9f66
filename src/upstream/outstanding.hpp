// The queries of one socket that wait for their answers, by query id.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/completion.hpp"
#include "runtime/random.hpp"
#include "upstream/exchange.hpp"

namespace nld::upstream {

using Completion = runtime::Completion<ExchangeResult>;

/// Bounded by `limit`. Single-threaded.
class Outstanding {
 public:
  explicit Outstanding(std::size_t limit) noexcept : limit_(limit) {}

  /// Gives `question` an unpredictable id that no other has here; nothing when the table is full. Both must
  /// live until the query is taken out (Ticket).
  std::optional<std::uint16_t> add(runtime::Random& random, const Question& question, Completion& done);
  /// Hands `message` to the query with its id when it answers that query's question. `cut`: the kernel had
  /// to drop the end of the datagram.
  enum class Match : std::uint8_t {
    delivered,  ///< gone from the table
    foreign,    ///< no such id, or another question: ignored (RFC 5452 §9.1)
    malformed,  ///< the right id and not readable; still waiting
  };
  Match deliver(dns::Bytes message, bool cut, Protocol protocol);
  /// Takes the query out, unless the id belongs to another one by now.
  void remove(std::uint16_t id, const Completion& done) noexcept;
  void fail(std::uint16_t id, const ExchangeError& error);
  void fail_all(const ExchangeError& error);

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

 private:
  struct Waiting {
    Question question;
    Completion* done;
  };
  std::size_t limit_;
  boost::unordered_flat_map<std::uint16_t, Waiting> waiting_;
};

/// Takes a query out of its carrier's table when the exchange ends, whatever way it ends.
template <typename Carrier>
class Ticket {
 public:
  Ticket(std::shared_ptr<Carrier> carrier, std::uint16_t id, const Completion& done) noexcept
      : carrier_(std::move(carrier)), id_(id), done_(&done) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() { carrier_->forget(id_, *done_); }

 private:
  std::shared_ptr<Carrier> carrier_;
  std::uint16_t id_;
  const Completion* done_;
};

}  // namespace nld::upstream
