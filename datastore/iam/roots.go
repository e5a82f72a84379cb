package iam

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"net"
	"sync"
)

// amazonRoots are the five root certificates of Amazon Trust Services: Amazon
// Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2, as
// Mozilla's list has them. Every AWS endpoint's chain ends in one of them.
//
// See https://www.amazontrust.com/repository/
//
//go:embed roots/amazon.pem
var amazonRoots []byte

var amazonPool = sync.OnceValue(func() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(amazonRoots)
	return pool
})

// tlsDialer makes TLS connections that trust Amazon's roots, and only if that
// fails the system's: parsing all of these takes longer than everything else
// that a function does when it starts.
type tlsDialer struct {
	dialer *net.Dialer
	first  *tls.Config // Amazon's roots
	system *tls.Config
}

// DialTLS makes TLS connections by dialer to services other than HTTP ones. They
// trust Amazon's root certificates first, and the system's only if these do not
// do.
func DialTLS(dialer *net.Dialer) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return newTLSDialer(dialer, amazonPool()).dial
}

func newTLSDialer(dialer *net.Dialer, first *x509.CertPool) *tlsDialer {
	sessions := tls.NewLRUClientSessionCache(16)
	return &tlsDialer{
		dialer: dialer,
		first:  &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: first, ClientSessionCache: sessions},
		system: &tls.Config{MinVersion: tls.VersionTLS12},
	}
}

func (d *tlsDialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&tls.Dialer{NetDialer: d.dialer, Config: d.first}).DialContext(ctx, network, addr)
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) {
		return conn, err
	}
	return (&tls.Dialer{NetDialer: d.dialer, Config: d.system}).DialContext(ctx, network, addr)
}

// Roots are Amazon's root certificates, to which some stores add their own. They
// are not to be changed.
func Roots() *x509.CertPool { return amazonPool() }
