"""The comments on other people's pages: words, form, pages and script; what is sent goes through `service.web.api`."""
