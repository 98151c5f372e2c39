/* SPDX-License-Identifier: MIT */
/*
 * asio_echo --listen ENDPOINT [--sink]: Asio, as its own examples write an echo server.
 *
 * A session owns its socket and its buffer, and lives as long as an operation of it is under way. It reads when what it
 * has read is written, so that nothing waits for a slow client but one buffer.
 */
#include <array>
#include <asio.hpp>
#include <cstring>
#include <memory>
#include <utility>

extern "C" {
#define _Noreturn [[noreturn]] /* C++ has another name for it. */
#include "../arguments.h"
#include "../endpoint.h"
#include "../process.h"
#include "../sink.h"
#undef _Noreturn
}

namespace {

bool is_sink;

template <typename Protocol>
class session : public std::enable_shared_from_this<session<Protocol>> {
 public:
  explicit session(typename Protocol::socket socket) : socket_(std::move(socket)) {}

  void read() {
    auto self = this->shared_from_this();
    socket_.async_read_some(asio::buffer(buffer_), [this, self](const std::error_code &error, std::size_t length) {
      if (!error && is_sink) {
        count_ += length;
        read();
      } else if (!error) {
        write(length);
      } else if (is_sink && error == asio::error::eof) {
        answer();
      }
    });
  }

 private:
  void write(std::size_t length) {
    auto self = this->shared_from_this();
    asio::async_write(socket_, asio::buffer(buffer_, length), [this, self](const std::error_code &error, std::size_t) {
      if (!error) read();
    });
  }

  void answer() {
    auto self = this->shared_from_this();
    sink_write_answer(answer_.data(), count_);
    asio::async_write(socket_, asio::buffer(answer_), [self](const std::error_code &, std::size_t) {});
  }

  typename Protocol::socket socket_;
  std::uint64_t count_ = 0;
  std::array<unsigned char, SINK_ANSWER_BYTES> answer_;
  std::array<char, 65536> buffer_;
};

void prefer_speed(asio::ip::tcp::socket &socket) {
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void prefer_speed(asio::local::stream_protocol::socket &) {}

template <typename Protocol>
void accept(typename Protocol::acceptor &acceptor) {
  acceptor.async_accept([&acceptor](const std::error_code &error, typename Protocol::socket socket) {
    if (!error) {
      prefer_speed(socket);
      std::make_shared<session<Protocol>>(std::move(socket))->read();
    }
    if (acceptor.is_open()) accept<Protocol>(acceptor);
  });
}

template <typename Protocol>
void serve(const endpoint &address) {
  asio::io_context context(1);
  typename Protocol::endpoint name;
  name.resize(address.length);
  std::memcpy(name.data(), &address.address, address.length);
  typename Protocol::acceptor acceptor(context);
  acceptor.open(name.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(name);
  acceptor.listen(ARGUMENTS_BACKLOG);
  accept<Protocol>(acceptor);

  asio::signal_set terminate(context, SIGTERM);
  terminate.async_wait([&context](const std::error_code &, int) { context.stop(); });
  arguments_say_ready();
  context.run();
}

}  // namespace

int main(int argument_count, char **texts) {
  arguments arguments = arguments_read(argument_count, texts);
  endpoint address = endpoint_read(arguments.endpoint);
  is_sink = arguments.is_sink;
  process_raise_descriptor_limit();
  try {
    if (address.is_tcp) {
      serve<asio::ip::tcp>(address);
    } else {
      serve<asio::local::stream_protocol>(address);
    }
  } catch (const std::exception &error) {
    process_fail(PROCESS_FAILED, 0, error.what());
  }
  endpoint_remove(&address);
  return EXIT_SUCCESS;
}
