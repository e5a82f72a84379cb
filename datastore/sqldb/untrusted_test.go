package sqldb_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// TestUntrusted: a certificate that is refused is no reason to try again, and the
// error says how to trust its authority.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	refused := func(cause error) error {
		return fmt.Errorf("connect: %w", &tls.CertificateVerificationError{Err: cause})
	}
	for name, tt := range map[string]struct {
		err  error
		hint bool
	}{
		"unknown authority": {refused(x509.UnknownAuthorityError{}), true},
		"another name":      {refused(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "db"}), false},
	} {
		f, ok := sqldb.Untrusted(tt.err)
		if !ok || f.Kind != datastore.ErrUnavailable || f.Retry || f.Lost || !f.Broken || strings.Contains(f.Text, "sslrootcert=FILE") != tt.hint {
			t.Errorf("%s: Untrusted = %+v, %v, want a hint: %v", name, f, ok, tt.hint)
		}
	}
	if f, ok := sqldb.Untrusted(errors.New("connection refused")); ok {
		t.Errorf("Untrusted of another error = %+v", f)
	}
}
