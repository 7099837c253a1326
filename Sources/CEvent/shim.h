// libevent's loop, its HTTP and its resolver, and libssl for connections to other machines: linked statically, so that a
// command that speaks no HTTP loads nothing for it. The functions stand for macros that Swift cannot see.
#pragma once
// First, so that the system's types are declared as Swift's own module of them has it.
#include <sys/types.h>
#include <sys/eventfd.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline int wake_up_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline const struct evkeyval *http_first_header(const struct evkeyvalq *headers) {
  return headers ? headers->tqh_first : 0;
}

static inline const struct evkeyval *http_next_header(const struct evkeyval *header) { return header->next.tqe_next; }

// A context that trusts whom the system trusts, and nobody who speaks less than TLS 1.2; null when there is none.
static inline SSL_CTX *tls_client_context(const char *authorities) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (!context) return 0;
  int trusted = authorities ? SSL_CTX_load_verify_locations(context, authorities, 0)
                            : SSL_CTX_set_default_verify_paths(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, 0);
  if (trusted != 1 || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    SSL_CTX_free(context);
    return 0;
  }
  return context;
}

// A connection's half that accepts only a certificate for `host`, a name or an address; null when there is none.
static inline SSL *tls_client(SSL_CTX *context, const char *host, int is_address) {
  SSL *tls = SSL_new(context);
  if (!tls) return 0;
  int named = is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host)
                         : SSL_set_tlsext_host_name(tls, host) && SSL_set1_host(tls, host);
  if (!named) {
    SSL_free(tls);
    return 0;
  }
  return tls;
}
