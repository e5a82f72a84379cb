package dsqlsql_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// gate logs in as Aurora DSQL does, by a token over TLS, and behind it is a real
// PostgreSQL. It is ours: it knows the form of a token, and cannot check whom its
// signature is by.
type gate struct {
	t       testing.TB
	backend string            // URL of the database, without a user
	users   map[string]string // user of DSQL -> user:password of PostgreSQL
	tls     *tls.Config
	addr    string
	caFile  string
	logins  atomic.Int64
}

func newGate(t testing.TB, backend string, users map[string]string) *gate {
	t.Helper()
	cfg, caFile := certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, backend: backend, users: users, tls: cfg, addr: l.Addr().String(), caFile: caFile}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(conn)
		}
	}()
	return g
}

// address is what the variable holds.
func (g *gate) address() string {
	return "postgres://" + g.addr + "/postgres?sslrootcert=" + url.QueryEscape(g.caFile)
}

func (g *gate) serve(plain net.Conn) {
	defer plain.Close()
	front := pgproto3.NewBackend(plain, plain)
	if _, err := front.ReceiveStartupMessage(); err != nil {
		return
	}
	if _, err := plain.Write([]byte("S")); err != nil {
		return
	}
	secure := tls.Server(plain, g.tls)
	front = pgproto3.NewBackend(secure, secure)
	startup, err := front.ReceiveStartupMessage()
	if err != nil {
		return
	}
	hello, ok := startup.(*pgproto3.StartupMessage)
	if !ok {
		return // a request to cancel, which DSQL has not
	}
	front.Send(&pgproto3.AuthenticationCleartextPassword{})
	if front.Flush() != nil || front.SetAuthType(pgproto3.AuthTypeCleartextPassword) != nil {
		return
	}
	message, err := front.Receive()
	if err != nil {
		return
	}
	password, ok := message.(*pgproto3.PasswordMessage)
	login, known := g.users[hello.Parameters["user"]]
	if !ok || !known || !g.valid(password.Password, hello.Parameters["user"]) {
		front.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28000", Message: "unable to accept connection, access denied"})
		_ = front.Flush()
		return
	}
	g.logins.Add(1)
	g.relay(secure, front, login)
}

// valid reports whether a token has the form of DSQL's.
func (g *gate) valid(token, user string) bool {
	u, err := url.Parse("https://" + token)
	if err != nil {
		return false
	}
	q := u.Query()
	action := map[bool]string{true: "DbConnectAdmin", false: "DbConnect"}[user == "admin"]
	host, _, _ := net.SplitHostPort(g.addr)
	return u.Host == host && u.Path == "/" && q.Get("Action") == action && q.Get("X-Amz-Expires") == "900" &&
		strings.HasSuffix(q.Get("X-Amz-Credential"), "/eu-central-1/dsql/aws4_request") && len(q.Get("X-Amz-Signature")) == 64
}

// relay passes all on to PostgreSQL, logged in as another user.
func (g *gate) relay(client net.Conn, front *pgproto3.Backend, login string) {
	u, err := url.Parse(g.backend)
	if err != nil {
		g.t.Errorf("%v", err)
		return
	}
	name, password, _ := strings.Cut(login, ":")
	u.User = url.UserPassword(name, password)
	cfg, err := pgconn.ParseConfig(u.String())
	if err != nil {
		g.t.Errorf("%v", err)
		return
	}
	var answers io.Reader // the client reads ahead by it, where its writes were slow
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		answers = r
		return pgproto3.NewFrontend(r, w)
	}
	conn, err := pgconn.ConnectConfig(context.Background(), cfg)
	if err != nil {
		front.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P03", Message: err.Error()})
		_ = front.Flush()
		return
	}
	server, err := conn.Hijack()
	if err != nil {
		return
	}
	defer server.Conn.Close()
	front.Send(&pgproto3.AuthenticationOk{})
	for key, value := range server.ParameterStatuses {
		front.Send(&pgproto3.ParameterStatus{Name: key, Value: value})
	}
	front.Send(&pgproto3.BackendKeyData{ProcessID: server.PID, SecretKey: server.SecretKey})
	front.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if front.Flush() != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server.Conn, client)
		server.Conn.Close()
	}()
	_, _ = io.Copy(client, answers)
}

// certificate is one for 127.0.0.1, and a file with who signed it.
func certificate(t testing.TB) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, path
}
