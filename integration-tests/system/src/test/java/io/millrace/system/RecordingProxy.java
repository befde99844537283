package io.millrace.system;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Stands between clients and a broker, hands every byte on and keeps it: what really went over a
 * socket, in both directions. Two threads a connection.
 */
final class RecordingProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final CountDownLatch targetKnown = new CountDownLatch(1);
  private volatile int port;
  private final List<Socket> sockets = new ArrayList<>();
  private final List<ByteArrayOutputStream> fromClients = new ArrayList<>();
  private final List<ByteArrayOutputStream> fromBroker = new ArrayList<>();

  RecordingProxy() {
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon("proxy-accept", this::accept);
  }

  /** {@code host:port} for clients. */
  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** The port of the broker on this machine; connections wait until this was called. */
  void to(int broker) {
    port = broker;
    targetKnown.countDown();
  }

  /** Every whole frame that clients sent, without its length. */
  List<ByteBuffer> requests() {
    return frames(fromClients);
  }

  /** Every whole frame that the broker sent, without its length. */
  List<ByteBuffer> responses() {
    return frames(fromBroker);
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        if (!targetKnown.await(60, TimeUnit.SECONDS)) {
          throw new IOException("nobody said where to connect to");
        }
        Socket broker = new Socket(listener.getInetAddress(), port);
        synchronized (this) {
          sockets.add(client);
          sockets.add(broker);
          fromClients.add(new ByteArrayOutputStream());
          fromBroker.add(new ByteArrayOutputStream());
          pump(client, broker, fromClients.get(fromClients.size() - 1));
          pump(broker, client, fromBroker.get(fromBroker.size() - 1));
        }
      }
    } catch (IOException closed) {
      // The end of the test; one that needs more connections fails by missing frames.
      targetKnown.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pump(Socket from, Socket to, ByteArrayOutputStream record) {
    daemon(
        "proxy-pump",
        () -> {
          try (from;
              to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[64 << 10];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
              synchronized (record) {
                record.write(buffer, 0, read);
              }
              out.write(buffer, 0, read);
            }
          } catch (IOException oneSideHasGone) {
            // The other pump ends with it, as both sockets are closed by now.
          }
        });
  }

  private synchronized List<ByteBuffer> frames(List<ByteArrayOutputStream> records) {
    List<ByteBuffer> frames = new ArrayList<>();
    for (ByteArrayOutputStream record : records) {
      ByteBuffer bytes;
      synchronized (record) {
        bytes = ByteBuffer.wrap(record.toByteArray());
      }
      while (bytes.remaining() >= 4 && bytes.remaining() - 4 >= bytes.getInt(bytes.position())) {
        int length = bytes.getInt();
        frames.add(bytes.slice(bytes.position(), length));
        bytes.position(bytes.position() + length);
      }
    }
    return frames;
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listener.close();
      synchronized (this) {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
