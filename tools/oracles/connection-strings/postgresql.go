package main

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

func init() { kinds["postgresql"] = parsePostgreSQL }

type pgAttempt struct {
	Host string `json:"host"`
	Port uint16 `json:"port"`
	TLS  string `json:"tls"`
}

type pgConfig struct {
	User             string            `json:"user"`
	Password         string            `json:"password"`
	Database         string            `json:"database"`
	Attempts         []pgAttempt       `json:"attempts"`
	ConnectTimeoutMs int64             `json:"connectTimeoutMs"`
	RuntimeParams    map[string]string `json:"runtimeParams"`
	ChannelBinding   string            `json:"channelBinding"`
	IsPreferring     bool              `json:"hasSessionCheck"`
	SSLNegotiation   string            `json:"sslNegotiation"`
}

// What a TLS configuration checks, in libpq's words.
func checks(host string, fallback *pgconn.FallbackConfig) string {
	switch tls := fallback.TLSConfig; {
	case tls == nil:
		return "none"
	case !tls.InsecureSkipVerify:
		return "full"
	case tls.VerifyPeerCertificate != nil:
		return "ca"
	default:
		return "encrypted"
	}
}

func parsePostgreSQL(text string) (any, error) {
	config, err := pgconn.ParseConfig(text)
	if err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			return nil, inner
		}
		return nil, err
	}
	first := &pgconn.FallbackConfig{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}
	made := pgConfig{
		User: config.User, Password: config.Password, Database: config.Database,
		ConnectTimeoutMs: config.ConnectTimeout.Milliseconds(),
		RuntimeParams:    config.RuntimeParams,
		ChannelBinding:   config.ChannelBinding,
		IsPreferring:     config.ValidateConnect != nil,
		SSLNegotiation:   config.SSLNegotiation,
	}
	for _, one := range append([]*pgconn.FallbackConfig{first}, config.Fallbacks...) {
		made.Attempts = append(made.Attempts, pgAttempt{one.Host, one.Port, checks(one.Host, one)})
	}
	return made, nil
}
