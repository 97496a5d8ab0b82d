package main

import (
	"strings"

	"github.com/go-sql-driver/mysql"
)

func init() { kinds["mysql"] = parseMySQL }

type mysqlTLS struct {
	ServerName string `json:"serverName"`
	SkipVerify bool   `json:"skipVerify"`
}

type mysqlConfig struct {
	User                     string            `json:"user"`
	Password                 string            `json:"password"`
	Network                  string            `json:"network"`
	Address                  string            `json:"address"`
	Database                 string            `json:"database"`
	Charsets                 string            `json:"charsets"`
	Collation                string            `json:"collation"`
	Params                   map[string]string `json:"params"`
	ConnectionAttributes     string            `json:"connectionAttributes"`
	TLSConfig                string            `json:"tlsConfig"`
	TLS                      *mysqlTLS         `json:"tls"`
	TimeoutMs                float64           `json:"timeoutMs"`
	ReadTimeoutMs            float64           `json:"readTimeoutMs"`
	WriteTimeoutMs           float64           `json:"writeTimeoutMs"`
	MaxAllowedPacket         int               `json:"maxAllowedPacket"`
	AllowCleartextPasswords  bool              `json:"allowCleartextPasswords"`
	AllowFallbackToPlaintext bool              `json:"allowFallbackToPlaintext"`
	AllowNativePasswords     bool              `json:"allowNativePasswords"`
	AllowOldPasswords        bool              `json:"allowOldPasswords"`
	ClientFoundRows          bool              `json:"clientFoundRows"`
	Compress                 bool              `json:"compress"`
	MultiStatements          bool              `json:"multiStatements"`
	RejectReadOnly           bool              `json:"rejectReadOnly"`
}

// The charsets and compression have no exported field; FormatDSN tells them.
func parseMySQL(text string) (any, error) {
	config, err := mysql.ParseDSN(text)
	if err != nil {
		return nil, err
	}
	const ms = 1e6
	made := mysqlConfig{
		User: config.User, Password: config.Passwd,
		Network: config.Net, Address: config.Addr, Database: config.DBName,
		Collation: config.Collation, Params: config.Params,
		ConnectionAttributes: config.ConnectionAttributes,
		TLSConfig:            config.TLSConfig,
		TimeoutMs:            float64(config.Timeout) / ms,
		ReadTimeoutMs:        float64(config.ReadTimeout) / ms,
		WriteTimeoutMs:       float64(config.WriteTimeout) / ms,
		MaxAllowedPacket:     config.MaxAllowedPacket,

		AllowCleartextPasswords:  config.AllowCleartextPasswords,
		AllowFallbackToPlaintext: config.AllowFallbackToPlaintext,
		AllowNativePasswords:     config.AllowNativePasswords,
		AllowOldPasswords:        config.AllowOldPasswords,
		ClientFoundRows:          config.ClientFoundRows,
		MultiStatements:          config.MultiStatements,
		RejectReadOnly:           config.RejectReadOnly,
	}
	if made.Params == nil {
		made.Params = map[string]string{}
	}
	if config.TLS != nil {
		made.TLS = &mysqlTLS{config.TLS.ServerName, config.TLS.InsecureSkipVerify}
	}
	formatted := config.FormatDSN()
	if _, params, found := strings.Cut(formatted[strings.LastIndex(formatted, "/"):], "?"); found {
		for _, param := range strings.Split(params, "&") {
			switch name, value, _ := strings.Cut(param, "="); name {
			case "charset":
				made.Charsets = value
			case "compress":
				made.Compress = value == "true"
			}
		}
	}
	return made, nil
}
