// Runs one scenario file, line by line.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "replay/lab.hpp"

namespace nld::replay {

class Scenario {
 public:
  explicit Scenario(const std::filesystem::path& file);
  /// Throws std::runtime_error "file:line: what differs" at the first line that does not hold.
  void run();

 private:
  using Words = std::vector<std::string>;
  struct Line {
    std::size_t number = 0;
    std::string text;
    bool indented = false;
  };

  void step(const Line& line);
  void query(Words words);
  void asked(const Words& words);
  void quiet(const Words& words);
  void answers(Words words);
  void fails(const Words& words);
  void reply(Words words);
  void waiting(const Words& words);
  void metric(const std::string& text);
  std::string block();
  std::vector<std::string> indented(const std::string& section);
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  std::vector<Line> lines_;
  std::size_t at_ = 0;
  std::size_t current_ = 0;
  std::uint16_t next_id_ = 1;
  Lab lab_;
};

}  // namespace nld::replay
