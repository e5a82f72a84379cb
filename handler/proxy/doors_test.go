package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	echoadapter "github.com/awslabs/aws-lambda-go-api-proxy/echo"
	fiberadapter "github.com/awslabs/aws-lambda-go-api-proxy/fiber"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/handler/proxy"
)

// One small service, written for each framework: it greets, it echoes a body
// with a status and cookies of its own, and it answers with bytes.

const pixel = "\x89PNG\r\n\x1a\n\x00\xff"

func serveMuxApp() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s, %s", r.PathValue("name"), r.URL.Query().Get("q"))
	})
	m.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(201)
		fmt.Fprintf(w, "%s %s", r.Header.Get("X-Probe"), body)
	})
	m.HandleFunc("GET /pixel", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, pixel)
	})
	return m
}

func chiApplication() http.Handler {
	r := chi.NewRouter()
	r.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s, %s", chi.URLParam(r, "name"), r.URL.Query().Get("q"))
	})
	r.Mount("/", serveMuxApp())
	return r
}

func ginApplication() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.GET("/hello/:name", func(c *gin.Context) { c.String(200, "hello %s, %s", c.Param("name"), c.Query("q")) })
	r.POST("/echo", func(c *gin.Context) {
		body, err := c.GetRawData()
		if err != nil {
			c.AbortWithStatus(500)
			return
		}
		c.SetCookie("seen", "1", 0, "", "", false, false)
		c.Data(201, "text/plain", fmt.Appendf(nil, "%s %s", c.GetHeader("X-Probe"), body))
	})
	r.GET("/pixel", func(c *gin.Context) { c.Data(200, "image/png", []byte(pixel)) })
	return r
}

func echoApplication() *echo.Echo {
	e := echo.New()
	e.GET("/hello/:name", func(c echo.Context) error {
		return c.String(200, fmt.Sprintf("hello %s, %s", c.Param("name"), c.QueryParam("q")))
	})
	e.POST("/echo", func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		c.SetCookie(&http.Cookie{Name: "seen", Value: "1"})
		return c.Blob(201, "text/plain", fmt.Appendf(nil, "%s %s", c.Request().Header.Get("X-Probe"), body))
	})
	e.GET("/pixel", func(c echo.Context) error { return c.Blob(200, "image/png", []byte(pixel)) })
	return e
}

func fiberApplication() *fiber.App {
	app := fiber.New()
	app.Get("/hello/:name", func(c *fiber.Ctx) error {
		return c.SendString("hello " + c.Params("name") + ", " + c.Query("q"))
	})
	app.Post("/echo", func(c *fiber.Ctx) error {
		c.Cookie(&fiber.Cookie{Name: "seen", Value: "1", SessionOnly: true})
		c.Type("txt")
		return c.Status(201).SendString(c.Get("X-Probe") + " " + string(c.Body()))
	})
	app.Get("/pixel", func(c *fiber.Ctx) error {
		c.Type("png")
		return c.SendString(pixel)
	})
	return app
}

// applications are all ways in which an application of another framework can
// be a handler here.
func applications() map[string]handler.Handler {
	wrapped := handler.FromHTTPMiddleware(func(next http.Handler) http.Handler { return middleware.StripSlashes(next) })
	return map[string]handler.Handler{
		"http.Handler":              handler.FromHTTP(serveMuxApp()),
		"std middleware":            wrapped(handler.FromHTTP(serveMuxApp())),
		"chi":                       handler.FromHTTP(chiApplication()),
		"gin":                       handler.FromHTTP(ginApplication()),
		"echo":                      handler.FromHTTP(echoApplication()),
		"echo by its adapter 1.0":   proxy.V1(echoadapter.New(echoApplication()).ProxyWithContext),
		"echo by its adapter 2.0":   proxy.V2(echoadapter.NewV2(echoApplication()).ProxyWithContext),
		"fiber by its adapter 1.0":  proxy.V1(fiberadapter.New(fiberApplication()).ProxyWithContext),
		"fiber by its adapter 2.0":  proxy.V2(fiberadapter.New(fiberApplication()).ProxyWithContextV2),
		"another App of this house": handler.FromHTTP(handler.ToHTTP(handler.FromHTTP(serveMuxApp()), nil)),
	}
}

// TestApplicationsBehindDoors: an application of another framework answers the
// same behind every front door.
func TestApplicationsBehindDoors(t *testing.T) {
	t.Parallel()
	for name, app := range applications() {
		for _, tt := range []struct {
			name   string
			req    *handler.Request
			status int
			body   string
			cookie string
		}{
			{"a parameter and a query", handlertest.Request("GET", "/hello/ann?q=a%2Bb%20c"), 200, "hello ann, a+b c", ""},
			{"a body, a header, a status, a cookie", handlertest.Request("POST", "/echo",
				handlertest.Header("X-Probe", "here"), handlertest.Body("text/plain", []byte("héllo"))), 201, "here héllo", "seen=1"},
			{"bytes out", handlertest.Request("GET", "/pixel"), 200, pixel, ""},
			{"bytes in", handlertest.Request("POST", "/echo", handlertest.Header("X-Probe", "b"),
				handlertest.Body("application/octet-stream", []byte{0, 0xff, 0xfe})), 201, "b \x00\xff\xfe", "seen=1"},
			{"no route", handlertest.Request("GET", "/nowhere"), 404, "", ""},
		} {
			for _, event := range handlertest.Events(tt.req) {
				t.Run(name+"/"+tt.name+"/"+event.Door, func(t *testing.T) {
					t.Parallel()
					doorway := lambda.New(app, &lambda.Options{Logger: slog.New(slog.DiscardHandler)})
					payload, err := doorway.Invoke(t.Context(), event.Payload)
					if err != nil {
						t.Fatal(err)
					}
					answer, err := handlertest.ReadAnswer(payload)
					if err != nil {
						t.Fatal(err)
					}
					if answer.Status != tt.status || tt.body != "" && string(answer.Body) != tt.body {
						t.Errorf("answer %d %q, want %d %q", answer.Status, answer.Body, tt.status, tt.body)
					}
					if got := strings.Join(answer.Cookies, "\n"); !strings.HasPrefix(got, tt.cookie) || tt.cookie == "" && got != "" {
						t.Errorf("cookies %q, want %q", got, tt.cookie)
					}
				})
			}
		}
	}
}

// TestApplicationsAndContext: the context of the invocation reaches the
// application, with what middleware before it has put there, and its errors are
// seen by it.
func TestApplicationsAndContext(t *testing.T) {
	t.Parallel()
	failure := errors.New("the application failed")
	var seen bytes.Buffer
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(&seen, r.Context().Value(key{}))
		w.WriteHeader(500)
	})
	before := func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(context.WithValue(ctx, key{}, "ann"), req)
			if resp != nil {
				resp.Err = failure
			}
			return resp, err
		})
	}
	var log bytes.Buffer
	doorway := lambda.New(before(handler.FromHTTP(app)), &lambda.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, event := range handlertest.Events(handlertest.Request("GET", "/")) {
		seen.Reset()
		log.Reset()
		if _, err := doorway.Invoke(t.Context(), event.Payload); err != nil {
			t.Fatal(err)
		}
		if seen.String() != "ann" || !strings.Contains(log.String(), failure.Error()) {
			t.Errorf("%s: the application saw %q, the log has %q", event.Door, seen.String(), log.String())
		}
	}
}
