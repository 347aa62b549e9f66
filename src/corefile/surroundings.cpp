// The real environment and file system behind the parser.
#include <glob.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "corefile/limits.hpp"
#include "corefile/syntax.hpp"

namespace nld::corefile {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::expected<std::string, std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return std::unexpected("is a directory");
  // A pipe would block the start without a word.
  if (std::filesystem::is_fifo(status)) return std::unexpected("is a pipe, expected a file");
  const File file(std::fopen(path.c_str(), "re"));
  if (!file) return std::unexpected(reason(errno));
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    const std::size_t size = std::fread(chunk.data(), 1, chunk.size(), file.get());
    text.append(chunk.data(), size);
    if (text.size() > kMaxFileSize) break;
    if (size < chunk.size()) {
      if (std::ferror(file.get()) != 0) return std::unexpected(reason(errno));
      return text;
    }
  }
  return std::unexpected("is larger than " + std::to_string(kMaxFileSize >> 20U) + " MiB");
}

class Glob {
 public:
  explicit Glob(const std::string& pattern) noexcept
      // GLOB_PERIOD: Go's filepath.Glob lets '*' match a leading dot too.
      : found_(::glob(pattern.c_str(), GLOB_PERIOD, nullptr, &result_) == 0) {}
  ~Glob() { ::globfree(&result_); }
  Glob(const Glob&) = delete;
  Glob& operator=(const Glob&) = delete;

  [[nodiscard]] std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> files;
    for (std::size_t index = 0; found_ && index < result_.gl_pathc; ++index) {
      std::filesystem::path path(result_.gl_pathv[index]);
      std::error_code error;
      // A mounted ConfigMap holds `..data` and folders named by time beside its files.
      if (path.filename().native().starts_with("..") || std::filesystem::is_directory(path, error)) continue;
      files.push_back(std::move(path));
    }
    return files;
  }

 private:
  ::glob_t result_{};
  bool found_;
};

}  // namespace

Surroundings real_surroundings() {
  return {
      .environment = [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      },
      .read_file = read_file,
      .glob = [](const std::string& pattern) { return Glob(pattern).files(); },
  };
}

}  // namespace nld::corefile
