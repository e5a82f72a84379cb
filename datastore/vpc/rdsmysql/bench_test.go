package rdsmysql_test

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

var statements = paired.SQL{
	Update: "UPDATE counters SET n = n + 1 WHERE id = ?",
	Row:    "SELECT n FROM counters WHERE id = ?",
	Rows: `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ?)
		SELECT i, CONCAT('text of ', i), i * 1.5, NOW(), i % 2 = 0, NULL FROM s`,
}

// sides are the driver, and database/sql on go-sql-driver alone: in the same mode,
// with the same users, on the same server.
func sides(t testing.TB) (bare, driver paired.Users) {
	t.Helper()
	s := newServer(t, counters)
	pem, err := os.ReadFile(ca(t))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := func(l *login) *sql.DB {
		cfg := mysql.NewConfig()
		cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName = l.user, password, "tcp", s.url.Host, s.database
		cfg.TLS = &tls.Config{RootCAs: roots, ServerName: s.url.Hostname()}
		cfg.InterpolateParams, cfg.ParseTime, cfg.ClientFoundRows, cfg.Loc = true, true, true, time.UTC
		c, err := mysql.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		t.Cleanup(func() { db.Close() })
		return db
	}
	ours := s.use(t, "", nil)
	return paired.Users{Writer: client(s.writer), Reader: client(s.reader)}, paired.Users{Writer: ours.Write(), Reader: ours.Read()}
}

// BenchmarkDriver needs the server: go test -run '^$' -bench Driver -count 6.
func BenchmarkDriver(b *testing.B) {
	bare, driver := sides(b)
	statements.Compare(b, bare, driver)
}

func TestAllocationsPerRow(t *testing.T) {
	bare, driver := sides(t)
	statements.PerRow(t, bare, driver)
}
