package vpc_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want vpc.Address
		err  string
	}{
		{"postgres://db.example:6000/main", vpc.Address{Host: "db.example", Reader: "db.example", Owner: "db.example", Port: 6000, Name: "main"}, ""},
		{"postgres://h/main?reader=r&sslrootcert=%2Fca.pem", vpc.Address{Host: "h", Reader: "r", Owner: "h", Port: 5432, Name: "main", RootCert: "/ca.pem"}, ""},
		{"postgres://[::1]:5/main", vpc.Address{Host: "::1", Reader: "::1", Owner: "::1", Port: 5, Name: "main"}, ""},
		{"postgres://p/main?owner=db&reader=r", vpc.Address{Host: "p", Reader: "r", Owner: "db", Port: 5432, Name: "main"}, ""},
		{"mysql://h/main", vpc.Address{}, "has not the form postgres://"},
		{"postgres://h/", vpc.Address{}, "has not the form"},
		{"postgres:///main", vpc.Address{}, "has not the form"},
		{"h:5432", vpc.Address{}, "form"},
		{"postgres://h/a/b", vpc.Address{}, "has not the form"},
		{"postgres://u:secret@h/main", vpc.Address{}, "has a user in it"},
		{"postgres://u:secret@h/main%zz", vpc.Address{}, "is no URL"},
		{"postgres://h/main?sslmode=disable", vpc.Address{}, `has "sslmode" in it`},
		{"postgres://h:70000/main", vpc.Address{}, "a port that is none"},
	} {
		got, err := vpc.ParseAddress(tt.text, "postgres", 5432)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("ParseAddress(%q) (-want +got):\n%s", tt.text, d)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) && tt.text != "h:5432" || strings.Contains(err.Error(), "secret")) {
			t.Errorf("ParseAddress(%q): error = %v, want %q", tt.text, err, tt.err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("postgres://db.example:6000/main?reader=r")
	f.Add("postgres://[::1]:5/main")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := vpc.ParseAddress(text, "postgres", 5432)
		if err == nil && (a.Host == "" || a.Reader == "" || a.Owner == "" || a.Name == "" || a.Port < 1 || a.Port > 65535) {
			t.Errorf("ParseAddress(%q) = %+v, want all of it or an error", text, a)
		}
	})
}

// TestTLS: a database of RDS is trusted by the roots of its region and by Amazon's,
// others by the system or by a file.
func TestTLS(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("roots/*.pem")
	if err != nil || len(files) < 27 {
		t.Fatalf("%d files of roots, %v", len(files), err)
	}
	pool := func(names ...string) *x509.CertPool {
		pool := x509.NewCertPool()
		for _, name := range names {
			pem, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			pool.AppendCertsFromPEM(pem)
		}
		return pool
	}
	const amazon = "../iam/roots/amazon.pem"
	for _, tt := range []struct {
		host, file string
		want       *x509.CertPool
	}{
		{"main.cluster-abc.eu-central-1.rds.amazonaws.com", "", pool(amazon, "roots/eu-central-1.pem")},
		{"x.abc.us-east-1.rds.amazonaws.com", "", pool(amazon, "roots/us-east-1.pem")},
		{"p.proxy-abc.xx-new-1.rds.amazonaws.com", "", pool(amazon)},
		{"main.proxy-abc.eu-central-1.rds.amazonaws.com", "", pool(amazon, "roots/eu-central-1.pem")},
		{"main-reader.endpoint.proxy-abc.eu-central-1.rds.amazonaws.com", "", pool(amazon, "roots/eu-central-1.pem")},
		{"x.abc.rds.cn-north-1.amazonaws.com.cn", "", nil},
		{"db.example", "", nil},
		{"db.example", amazon, pool(amazon)},
		{"x.abc.us-east-1.rds.amazonaws.com", "roots/eu-west-1.pem", pool("roots/eu-west-1.pem")},
	} {
		cfg, err := vpc.TLS(tt.host, tt.file)
		if err != nil || cfg.ServerName != tt.host || cfg.InsecureSkipVerify || (cfg.RootCAs == nil) != (tt.want == nil) || tt.want != nil && !cfg.RootCAs.Equal(tt.want) {
			t.Errorf("TLS(%q, %q) = %+v, %v, want other roots", tt.host, tt.file, cfg, err)
		}
	}
	for _, file := range []string{"none.pem", "vpc.go"} {
		if _, err := vpc.TLS("h", file); err == nil {
			t.Errorf("TLS with %s: no error", file)
		}
	}
}

// TestRoots: every root is one of RDS in the region that names its file, signed
// by itself and valid.
func TestRoots(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("roots/*.pem")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		region := strings.TrimSuffix(filepath.Base(file), ".pem")
		for _, c := range certificates(t, file) {
			if !strings.HasPrefix(c.Subject.CommonName, "Amazon RDS "+region+" Root CA ") || !c.IsCA || c.CheckSignatureFrom(c) != nil ||
				c.NotAfter.Before(time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("%s has the certificate %q until %v", file, c.Subject.CommonName, c.NotAfter)
			}
		}
	}
}

// TestCredentials: a secret is asked, and else a token is signed.
func TestCredentials(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
	})
	l := vpc.Logins{Now: func() time.Time { return at }, Configure: func() (aws.Config, error) {
		return aws.Config{Region: "eu-central-1", Credentials: keys}, nil
	}}
	user, token, err := l.Credentials(t.Context(), "db.example", 5432, "main_writer", nil, false)
	if err != nil || user != "main_writer" {
		t.Fatalf("Credentials = %q, %v", user, err)
	}
	u, err := url.Parse("https://" + token)
	if err != nil {
		t.Fatal(err)
	}
	got := u.Query()
	for key, want := range map[string]string{
		"Action": "connect", "DBUser": "main_writer", "X-Amz-Expires": "900", "X-Amz-Date": "20300102T030405Z",
		"X-Amz-Credential":     "AKIDEXAMPLE/20300102/eu-central-1/rds-db/aws4_request",
		"X-Amz-Security-Token": "session", "X-Amz-SignedHeaders": "host",
	} {
		if got.Get(key) != want {
			t.Errorf("%s = %q, want %q", key, got.Get(key), want)
		}
	}
	if u.Host != "db.example:5432" || u.Path != "/" || len(got.Get("X-Amz-Signature")) != 64 {
		t.Errorf("token = %q", token)
	}
	if user, password, err := l.Credentials(t.Context(), "h", 1, "unused", kept{}, true); user != "u" || password != "fresh" || err != nil {
		t.Errorf("Credentials of a secret = %q, %q, %v", user, password, err)
	}
	failing := vpc.Logins{Now: time.Now, Configure: func() (aws.Config, error) { return aws.Config{}, errors.New("no Lambda") }}
	if _, _, err := failing.Credentials(t.Context(), "h", 1, "u", nil, false); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("without a configuration: error = %v, want ErrUnavailable", err)
	}
}

type kept struct{}

func (kept) Spec() datastore.Spec { return nil }
func (kept) Credentials(_ context.Context, fresh bool) (string, string, error) {
	return "u", map[bool]string{true: "fresh", false: "kept"}[fresh], nil
}

func certificates(t *testing.T, file string) (all []*x509.Certificate) {
	t.Helper()
	rest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for {
		block, left := pem.Decode(rest)
		if block == nil {
			return all
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all, rest = append(all, c), left
	}
}
