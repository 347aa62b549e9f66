// The scenario language; README.md lists its lines.
#include "replay/scenario.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "corefile/duration.hpp"
#include "replay/records.hpp"

namespace nld::replay {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// Takes `word` out of the list; true when it stood there.
bool take(std::vector<std::string>& words, const std::string& word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return false;
  words.erase(found);
  return true;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += "\n    " + line;
  return lines.empty() ? "\n    (nothing)" : all;
}

}  // namespace

Scenario::Scenario(const std::filesystem::path& file) : name_(file.filename().string()) {
  std::ifstream stream(file);
  std::size_t number = 0;
  for (std::string text; std::getline(stream, text);) {
    ++number;
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos || text[first] == '#') continue;
    lines_.push_back({number, text.substr(first), first > 0});
  }
}

void Scenario::fail(const std::string& what) const {
  throw std::runtime_error(name_ + ":" + std::to_string(current_) + ": " + what);
}

void Scenario::run() {
  while (at_ < lines_.size()) {
    const Line line = lines_[at_++];
    current_ = line.number;
    try {
      step(line);
    } catch (const std::runtime_error& error) {
      const std::string what = error.what();
      if (what.starts_with(name_)) throw;
      fail(what);
    }
  }
}

void Scenario::step(const Line& line) {
  Words words = split(line.text);
  const std::string verb = words.front();
  words.erase(words.begin());
  if (verb == "corefile" || verb == "reload") return lab_.configure(block());
  if (verb == "query") return query(std::move(words));
  if (verb == "asked") return asked(words);
  if (verb == "quiet") return quiet(words);
  if (verb == "answers") return answers(std::move(words));
  if (verb == "fails") return fails(words);
  if (verb == "reply") return reply(std::move(words));
  if (verb == "waiting") return waiting(words);
  if (verb == "metric") return metric(line.text.substr(verb.size() + 1));
  if (verb == "advance") {
    const auto step = corefile::parse_duration(words.at(0));
    if (!step) fail(step.error());
    return lab_.advance(*step);
  }
  fail("unknown line: " + line.text);
}

std::string Scenario::block() {
  std::string text;
  for (;; ++at_) {
    if (at_ == lines_.size()) fail("a block without `end`");
    if (lines_[at_].text == "end") break;
    text += lines_[at_].text + "\n";
  }
  ++at_;
  return text;
}

std::vector<std::string> Scenario::indented(const std::string& section) {
  std::vector<std::string> records;
  for (std::size_t at = at_; at < lines_.size() && lines_[at].indented; ++at) {
    const std::string prefix = section + ": ";
    if (lines_[at].text.starts_with(prefix)) records.push_back(lines_[at].text.substr(prefix.size()));
  }
  return records;
}

void Scenario::query(Words words) {
  QuerySpec spec;
  const bool tcp = take(words, "tcp");
  spec.dnssec_ok = take(words, "do");
  spec.ad = take(words, "ad");
  spec.cd = take(words, "cd");
  spec.edns = !take(words, "plain");
  std::string client = "10.1.0.7";
  for (std::size_t at = 3; at + 1 < words.size(); at += 2) {
    if (words[at] == "bufsize") {
      spec.udp_size = static_cast<std::uint16_t>(std::stoul(words[at + 1]));
    } else if (words[at] == "from") {
      client = words[at + 1];
    } else {
      fail("unknown word " + words[at]);
    }
  }
  spec.name = words.at(1);
  spec.type = words.at(2);
  lab_.query(words.at(0), make_query(spec, next_id_++),
             tcp ? pipeline::Transport::tcp : pipeline::Transport::udp, client);
}

void Scenario::asked(const Words& words) {
  const std::string wanted =
      words.at(1) + " " + words.at(2) + (words.size() > 3 && words[3] == "tcp" ? " tcp" : " udp");
  for (const auto& question : lab_.upstreams().at(words.at(0))) {
    if (question->accounted) continue;
    const std::string seen =
        question_text(question->query) + " " + std::string(upstream::to_string(question->protocol));
    if (seen != wanted) fail("it was asked " + seen);
    question->accounted = true;
    return;
  }
  fail("it was asked nothing");
}

void Scenario::quiet(const Words& words) {
  for (const auto& [ip, questions] : lab_.upstreams().all()) {
    if (!words.empty() && ip != words.front()) continue;
    for (const auto& question : questions) {
      if (!question->accounted) fail(ip + " was asked " + question_text(question->query));
    }
  }
}

void Scenario::answers(Words words) {
  ResponseSpec spec{.rcode = words.at(1),
                    .aa = take(words, "aa"),
                    .tc = take(words, "tc"),
                    .ad = take(words, "ad"),
                    .answer = indented("answer"),
                    .authority = indented("authority")};
  at_ += spec.answer.size() + spec.authority.size();
  auto& questions = lab_.upstreams().at(words.at(0));
  if (questions.empty()) fail("it was asked nothing");
  const auto oldest = questions.front();
  oldest->answer->deliver(make_response(oldest->query, spec));
  lab_.settle();
}

void Scenario::fails(const Words& words) {
  auto& questions = lab_.upstreams().at(words.at(0));
  if (questions.empty()) fail("it was asked nothing");
  const auto oldest = questions.front();
  oldest->answer->deliver(std::unexpected(words.at(1)));
  lab_.settle();
}

void Scenario::waiting(const Words& words) {
  if (lab_.reply(words.at(0)) != nullptr) fail("it has been answered");
}

void Scenario::reply(Words words) {
  const auto* message = lab_.reply(words.at(0));
  if (message == nullptr) fail("no reply yet");
  const ReplyText seen = describe_reply(*message);
  std::string status;
  for (std::size_t at = 1; at < words.size(); ++at) status += (at > 1 ? " " : "") + words[at];
  if (seen.status != status) fail("the reply is " + seen.status + joined(seen.records));
  std::vector<std::string> wanted;
  for (const char* section : {"answer", "authority"}) {
    std::vector<std::string> lines;
    for (const std::string& line : indented(section)) {
      lines.push_back(std::string(section) + ": " + canonical_record(line));
    }
    std::ranges::sort(lines);
    wanted.insert(wanted.end(), lines.begin(), lines.end());
  }
  at_ += wanted.size();
  if (seen.records != wanted) fail("the reply holds" + joined(seen.records));
}

void Scenario::metric(const std::string& text) {
  const auto blank = text.rfind(' ');
  const std::string series = text.substr(0, blank);
  const std::string value = text.substr(blank + 1);
  std::istringstream exposition(lab_.metrics().expose());
  for (std::string line; std::getline(exposition, line);) {
    if (!line.starts_with(series + " ")) continue;
    if (std::stod(line.substr(series.size() + 1)) != std::stod(value)) fail("it is " + line);
    return;
  }
  if (value != "0") fail("no such series");
}

}  // namespace nld::replay
